// Package forgeid derives Forge IDs, version 1 ("forge:1"): the same 16 bytes for the same thing, in
// every language. Copy this file into your project; it needs Go 1.19 and the standard library.
//
//	forge, err := forgeid.New("forgeshop.example")
//	users, err := forge.Entity("users")
//	userID, err := users.ID(forgeid.Email("Ada@Example.COM"))
//	orders, err := forge.Entity("orders")
//	orderID, err := orders.ID(forgeid.Record{
//		forgeid.F("user", forgeid.ID(userID)), forgeid.F("reference", forgeid.Text("r-1")),
//	})
//
// domain -> namespace of the entity type -> key -> name -> ID; the file reads in the order value,
// record, name, ID.
//
// One principle stands behind every rule: a step that rewrites a key (trimming, changing case) touches
// ASCII only, so that it is the same in every language; whatever else could make two equal-looking keys
// differ is refused, loudly, and never repaired. That is why strings.ToLower, strings.TrimSpace, the
// package unicode and time.Parse are not used below: each of them gives another answer in another
// language, or accepts more than it should.
//
// A refusal is an *Error. It names the field, the kind, the reason and the code point to blame, but
// never the value: a key may be personal data, and error messages end up in logs.
package forgeid

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxDepth       = 8 // of a record; the outer record is level 1
	minSecretBytes = 16
)

// RFC 9562, section 6.6.
var dnsNamespace = UUID{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// Error is a refusal. Where is the field or the argument; CodePoint is the character to blame, or -1.
type Error struct {
	Where, Kind, Reason string
	CodePoint           rune
}

func (e *Error) Error() string {
	if e.Kind == "" {
		return e.Where + ": " + e.Reason
	}
	return e.Where + " (" + e.Kind + "): " + e.Reason
}

func refuse(where, kind, reason string) error {
	return &Error{where, kind, reason, -1}
}

// blame has a reason such as "U+00E9 is not allowed".
func blame(where, kind, pattern string, r rune) error {
	return &Error{where, kind, strings.Replace(pattern, "U+", fmt.Sprintf("U+%04X", r), 1), r}
}

const notAllowed = "U+ is not allowed"

// allow refuses the first character that is not allowed, and text that is not UTF-8: a Go string may hold
// any bytes, and ranging over it would show each bad one as U+FFFD, which is a valid character.
func allow(where, kind string, allowed func(rune) bool, value, pattern string) error {
	for i, r := range value {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(value[i:]); size == 1 {
				return refuse(where, kind, "is not valid UTF-8")
			}
		}
		if !allowed(r) {
			return blame(where, kind, pattern, r)
		}
	}
	return nil
}

// The package unicode knows all of Unicode, and more of it with each version of Go.
func isDigit(r rune) bool        { return r >= '0' && r <= '9' }
func isLower(r rune) bool        { return r >= 'a' && r <= 'z' }
func isUpper(r rune) bool        { return r >= 'A' && r <= 'Z' }
func isAlphanumeric(r rune) bool { return isDigit(r) || isLower(r) || isUpper(r) }
func isDomain(r rune) bool       { return isAlphanumeric(r) || r == '.' || r == '-' }
func isField(r rune) bool        { return isLower(r) || isDigit(r) || r == '_' }
func isEntity(r rune) bool       { return isField(r) || r == '.' || r == '-' }
func isAny(rune) bool            { return true }

// --- Values: what a caller writes ------------------------------------------------------------------

// Key is one Value (plain form) or one Record (record form, in which Lists may stand).
type Key interface{ isKey() }

// Value is one typed value. Its members are private, and String hides them, so that neither a JSON encoder
// nor %v puts a key into a log.
type Value struct{ kind, text string }

// List is an ordered list inside a record; it may be empty.
type List []Key

// Record has its fields in any order. A slice and not a map, so that duplicates are seen and refused.
type Record []Field

// Field is one field of a Record.
type Field struct {
	Name  string
	Value Key
}

// F is short for a Field.
func F(name string, value Key) Field { return Field{name, value} }

func (Value) isKey()  {}
func (List) isKey()   {}
func (Record) isKey() {}

// String never shows the value.
func (v Value) String() string { return "<Value " + v.kind + ">" }

// GoString never shows the value either; it serves %#v.
func (v Value) GoString() string { return v.String() }

func Email(value string) Value   { return Value{"email", value} }
func SKU(value string) Value     { return Value{"sku", value} }
func Text(value string) Value    { return Value{"text", value} }
func Int(value int64) Value      { return Value{"int", strconv.FormatInt(value, 10)} }
func IntText(value string) Value { return Value{"int", value} }
func Dec(value string) Value     { return Value{"dec", value} } // text only: a float has lost digits already
func Bool(value bool) Value      { return Value{"bool", strconv.FormatBool(value)} }
func ID(value UUID) Value        { return Value{"uuid", value.String()} }
func IDText(value string) Value  { return Value{"uuid", value} }
func TS3(value string) Value     { return Value{"ts3", value} } // of a time.Time: t.Format(time.RFC3339Nano)
func TS6(value string) Value     { return Value{"ts6", value} }

// NewValue is for a kind that is only known at run time. An unknown one is refused when the ID is derived.
func NewValue(kind, text string) Value { return Value{kind, text} }

// --- Canonical text: one text per value ------------------------------------------------------------

// Canonical returns the canonical text of a value.
func Canonical(kind, value string) (string, error) { return canonical(kind, value, "key") }

func canonical(kind, value, where string) (string, error) {
	switch kind {
	case "email":
		return canonicalEmail(value, where)
	case "sku":
		return canonicalSKU(value, where)
	case "text":
		return canonicalText(value, where)
	case "int":
		return canonicalInt(value, where)
	case "dec":
		return canonicalDec(value, where)
	case "bool":
		return canonicalBool(value, where)
	case "uuid":
		return canonicalUUID(value, where)
	case "ts3":
		return canonicalTimestamp(value, where, kind, 3)
	case "ts6":
		return canonicalTimestamp(value, where, kind, 6)
	}
	return "", refuse(where, "", "has an unknown kind")
}

// strip removes these six characters and no others; strings.TrimSpace also takes U+0085 or U+00A0.
func strip(value string) string { return strings.Trim(value, "\t\n\v\f\r ") }

func lower(value string) string {
	return strings.Map(func(r rune) rune {
		if isUpper(r) {
			return r + 32
		}
		return r
	}, value)
}

func upper(value string) string {
	return strings.Map(func(r rune) rune {
		if isLower(r) {
			return r - 32
		}
		return r
	}, value)
}

func hasEmptyLabel(domain string) bool {
	return domain == "" || domain[0] == '.' || domain[len(domain)-1] == '.' || strings.Contains(domain, "..")
}

func canonicalEmail(value, where string) (string, error) {
	const kind = "email"
	value = strip(value)
	if value == "" {
		return "", refuse(where, kind, "is empty")
	}
	local, domain, hasAt := strings.Cut(value, "@")
	isLocal := func(r rune) bool { return isAlphanumeric(r) || strings.ContainsRune(".!#$%&'*+/=?^_`{|}~-", r) }
	if err := allow(where, kind, isLocal, local, notAllowed); err != nil {
		return "", err
	}
	if !hasAt {
		return "", refuse(where, kind, "has no @")
	}
	if err := allow(where, kind, isDomain, domain, notAllowed); err != nil {
		return "", err
	}
	if local == "" {
		return "", refuse(where, kind, "has nothing before the @")
	}
	if hasEmptyLabel(domain) {
		return "", refuse(where, kind, "has an empty part in its domain")
	}
	if len(value) > 254 {
		return "", refuse(where, kind, "is longer than 254 bytes")
	}
	return lower(value), nil
}

func canonicalSKU(value, where string) (string, error) {
	const kind = "sku"
	value = strip(value)
	if value == "" {
		return "", refuse(where, kind, "is empty")
	}
	if err := allow(where, kind, func(r rune) bool { return r >= '!' && r <= '~' }, value, notAllowed); err != nil {
		return "", err
	}
	if len(value) > 64 {
		return "", refuse(where, kind, "is longer than 64 bytes")
	}
	return upper(value), nil
}

// isTextAllowed refuses what is invisible, or able to make one text look like another, or unable to exist
// in some language: controls, soft hyphen, zero-width and bidirectional marks, line separators,
// noncharacters. (Lone surrogates cannot be valid UTF-8.) Letters and accents are not touched: é in one
// and é in two code points are two keys.
func isTextAllowed(r rune) bool {
	return !(r <= 0x1F || r >= 0x7F && r <= 0x9F || r == 0xAD || r == 0x180E || r == 0x200B ||
		r == 0x200E || r == 0x200F || r >= 0x2028 && r <= 0x202E || r >= 0x2060 && r <= 0x2069 ||
		r >= 0xFDD0 && r <= 0xFDEF || r == 0xFEFF || r >= 0xFFF9 && r <= 0xFFFB || r&0xFFFE == 0xFFFE)
}

func isTextSpace(r rune) bool {
	return r == 0x20 || r == 0xA0 || r == 0x1680 || r >= 0x2000 && r <= 0x200A || r == 0x202F || r == 0x205F || r == 0x3000
}

func canonicalText(value, where string) (string, error) {
	const kind = "text"
	if value == "" {
		return "", refuse(where, kind, "is empty")
	}
	if err := allow(where, kind, isTextAllowed, value, notAllowed); err != nil {
		return "", err
	}
	if first, _ := utf8.DecodeRuneInString(value); isTextSpace(first) {
		return "", blame(where, kind, "must not start with U+", first)
	}
	if last, _ := utf8.DecodeLastRuneInString(value); isTextSpace(last) {
		return "", blame(where, kind, "must not end with U+", last)
	}
	if len(value) > 1024 {
		return "", refuse(where, kind, "is longer than 1024 bytes")
	}
	return value, nil
}

func canonicalInt(value, where string) (string, error) {
	const kind = "int"
	if value == "" {
		return "", refuse(where, kind, "is empty")
	}
	if err := allow(where, kind, func(r rune) bool { return isDigit(r) || r == '-' }, value, notAllowed); err != nil {
		return "", err
	}
	digits := strings.TrimPrefix(value, "-")
	leadingZero := strings.HasPrefix(digits, "0") && value != "0" // -0 is one as well
	if digits == "" || strings.Contains(digits, "-") || leadingZero {
		return "", refuse(where, kind, "is not a whole number without leading zeros")
	}
	if len(digits) > 38 {
		return "", refuse(where, kind, "has more than 38 digits")
	}
	return value, nil
}

func canonicalDec(value, where string) (string, error) {
	const kind = "dec"
	if value == "" {
		return "", refuse(where, kind, "is empty")
	}
	isDec := func(r rune) bool { return isDigit(r) || r == '.' || r == '-' }
	if err := allow(where, kind, isDec, value, notAllowed); err != nil {
		return "", err
	}
	digits := strings.TrimPrefix(value, "-")
	whole, fraction, hasPoint := strings.Cut(digits, ".")
	if whole == "" || hasPoint && fraction == "" || strings.Contains(digits, "-") || strings.Contains(fraction, ".") {
		return "", refuse(where, kind, "is not a decimal number such as -12.5")
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if len(fraction) > 28 {
		return "", refuse(where, kind, "has more than 28 decimals")
	}
	if len(whole)+len(fraction) > 28 {
		return "", refuse(where, kind, "has more than 28 digits")
	}
	if whole == "" && fraction == "" {
		return "0", nil // and so is -0
	}
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	if value[0] == '-' {
		whole = "-" + whole
	}
	return whole + fraction, nil
}

func canonicalBool(value, where string) (string, error) {
	if err := allow(where, "bool", isLower, value, notAllowed); err != nil {
		return "", err
	}
	if value != "true" && value != "false" {
		return "", refuse(where, "bool", "is neither true nor false")
	}
	return value, nil
}

// \A and \z are the ends of the text, whatever flags somebody adds; [0-9] and not \d says what is meant.
var (
	uuidText  = regexp.MustCompile(`\A[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\z`)
	timestamp = regexp.MustCompile(`\A([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})` +
		`(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))\z`)
)

func canonicalUUID(value, where string) (string, error) {
	isHex := func(r rune) bool { return isDigit(r) || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F' || r == '-' }
	if err := allow(where, "uuid", isHex, value, notAllowed); err != nil {
		return "", err
	}
	if !uuidText.MatchString(value) {
		return "", refuse(where, "uuid", "is not a UUID of 36 characters")
	}
	return lower(value), nil
}

func canonicalTimestamp(value, where, kind string, digits int) (string, error) {
	isTime := func(r rune) bool { return isDigit(r) || strings.ContainsRune("TZ:.+-", r) }
	if err := allow(where, kind, isTime, value, notAllowed); err != nil {
		return "", err
	}
	match := timestamp.FindStringSubmatch(value)
	if match == nil {
		return "", refuse(where, kind, "is not a time such as 2024-01-15T10:30:00Z")
	}
	number := func(group int) int {
		n, _ := strconv.Atoi(match[group]) // two or four digits, as matched above
		return n
	}
	year, month, day := number(1), number(2), number(3)
	hour, minute, second := number(4), number(5), number(6)
	fraction, sign := match[7], match[8]
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return "", refuse(where, kind, "has a date that does not exist")
	}
	if hour > 23 || minute > 59 || second > 59 {
		return "", refuse(where, kind, "has a time of day that does not exist")
	}

	minutes := hour*60 + minute // of the day; subtracting the offset makes it UTC
	if sign != "" {
		offset := number(9)*60 + number(10)
		if number(10) > 59 || offset > 14*60 {
			return "", refuse(where, kind, "has an offset outside -14:00 to +14:00")
		}
		if sign == "-" && offset == 0 {
			return "", refuse(where, kind, "has the offset -00:00, which means unknown")
		}
		if sign == "-" {
			offset = -offset
		}
		minutes -= offset
	}
	if minutes < 0 {
		minutes += 1440
		day--
		if day == 0 {
			month--
			if month == 0 {
				year, month = year-1, 12
			}
			day = daysIn(year, month)
		}
	} else if minutes >= 1440 {
		minutes -= 1440
		day++
		if day > daysIn(year, month) {
			day = 1
			month++
			if month == 13 {
				year, month = year+1, 1
			}
		}
	}
	if year < 1 || year > 9999 {
		return "", refuse(where, kind, "is outside the years 0001 to 9999 in UTC")
	}

	if len(fraction) > digits {
		if strings.Trim(fraction[digits:], "0") != "" {
			return "", refuse(where, kind, fmt.Sprintf("is finer than %d decimals", digits))
		}
		fraction = fraction[:digits]
	}
	fraction += strings.Repeat("0", digits-len(fraction))
	return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%sZ", year, month, day, minutes/60, minutes%60, second, fraction), nil
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// --- Name: the text that is hashed -----------------------------------------------------------------

// nameOf: in plain form the canonical text itself, in record form RFC 8785 JSON in which every leaf is a string.
func nameOf(entity string, key Key) (string, error) {
	switch key := key.(type) {
	case Value:
		return canonical(key.kind, key.text, "key")
	case Record:
		rendered, err := render(key, "", 1)
		if err != nil {
			return "", err
		}
		return `["forge:1","` + entity + `",` + rendered + `]`, nil
	}
	return "", refuse("key", "", "is neither a value nor a record")
}

// The only characters that JSON escapes and a canonical text can have: every kind refuses controls.
var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func render(node Key, path string, depth int) (string, error) {
	where := "key"
	if path != "" {
		where = "field " + path
	}
	if value, ok := node.(Value); ok {
		text, err := canonical(value.kind, value.text, where)
		// The kind stands in the leaf, so that services which disagree on a kind disagree on every ID.
		return `"` + value.kind + ":" + escapes.Replace(text) + `"`, err
	}
	if depth > maxDepth {
		return "", refuse(where, "", fmt.Sprintf("is nested deeper than %d levels", maxDepth))
	}
	switch node := node.(type) {
	case List:
		items := make([]string, len(node))
		for i, item := range node {
			var err error
			if items[i], err = render(item, fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
				return "", err
			}
		}
		return "[" + strings.Join(items, ",") + "]", nil
	case Record:
		fields := make(map[string]string, len(node))
		names := make([]string, 0, len(node))
		for _, field := range node {
			if err := checkFieldName(field.Name, where); err != nil {
				return "", err
			}
			fieldPath := field.Name
			if path != "" {
				fieldPath = path + "." + field.Name
			}
			if _, seen := fields[field.Name]; seen {
				return "", refuse("field "+fieldPath, "", "appears twice")
			}
			rendered, err := render(field.Value, fieldPath, depth+1)
			if err != nil {
				return "", err
			}
			names = append(names, field.Name)
			fields[field.Name] = `"` + field.Name + `":` + rendered
		}
		if len(names) == 0 {
			return "", refuse(where, "", "must have at least one field")
		}
		sort.Strings(names) // by byte
		for i, name := range names {
			names[i] = fields[name]
		}
		return "{" + strings.Join(names, ",") + "}", nil
	}
	return "", refuse(where, "", "is not a value, a list or a record")
}

func checkFieldName(name, where string) error {
	if name == "" {
		return refuse(where, "", "has an empty field name")
	}
	_, size := utf8.DecodeRuneInString(name)
	if err := allow(where, "", isLower, name[:size], "has a field name that starts with U+"); err != nil {
		return err
	}
	if err := allow(where, "", isField, name, "has a field name with U+"); err != nil {
		return err
	}
	if len(name) > 64 {
		return refuse(where, "", "has a field name longer than 64 characters")
	}
	return nil
}

// --- ID: from a domain to 16 bytes -----------------------------------------------------------------

// Algorithm is how a name becomes an ID.
type Algorithm string

const (
	V5           Algorithm = "v5"             // anybody may derive it
	V8SHA256     Algorithm = "v8-sha256"      // where SHA-1 is not allowed
	V8HMACSHA256 Algorithm = "v8-hmac-sha256" // only who has the secret can derive or confirm it
)

// Forge holds all entity types of one domain.
type Forge struct{ root UUID }

// New takes a domain such as forgeshop.example.
func New(domain string) (*Forge, error) {
	if domain == "" {
		return nil, refuse("domain", "", "is empty")
	}
	if err := allow("domain", "", isDomain, domain, notAllowed); err != nil {
		return nil, err
	}
	if hasEmptyLabel(domain) {
		return nil, refuse("domain", "", "has an empty part")
	}
	if len(domain) > 253 {
		return nil, refuse("domain", "", "is longer than 253 characters")
	}
	return &Forge{NewV5(dnsNamespace, []byte(lower(domain)))}, nil
}

// Entity is one entity type: it derives the IDs of its members. Immutable and safe for concurrent use.
type Entity struct {
	name      string
	algorithm Algorithm
	secret    []byte
	namespace UUID
}

// Entity is one entity type with the default algorithm, V5.
func (f *Forge) Entity(name string) (*Entity, error) { return f.EntityWith(name, V5, nil) }

// EntityWith chooses another algorithm, which is part of the entity's declaration: never change it later.
// The secret is the bytes of a UTF-8 text, untrimmed; only V8HMACSHA256 takes one, and fails closed without it.
func (f *Forge) EntityWith(name string, algorithm Algorithm, secret []byte) (*Entity, error) {
	if name == "" {
		return nil, refuse("entity", "", "is empty")
	}
	_, size := utf8.DecodeRuneInString(name)
	if err := allow("entity", "", isLower, name[:size], "must not start with U+"); err != nil {
		return nil, err
	}
	if err := allow("entity", "", isEntity, name, notAllowed); err != nil {
		return nil, err
	}
	if len(name) > 64 {
		return nil, refuse("entity", "", "is longer than 64 characters")
	}
	switch algorithm {
	case V5, V8SHA256:
		if secret != nil {
			// Whoever passes a secret expects IDs that nobody can guess; these would not be.
			return nil, refuse("secret", "", "is only used by v8-hmac-sha256")
		}
	case V8HMACSHA256:
		if err := allow("secret", "", isAny, string(secret), ""); err != nil {
			return nil, err
		}
		if err := checkSecret(secret); err != nil {
			return nil, err
		}
	default:
		return nil, refuse("algorithm", "", "is not one of v5, v8-sha256, v8-hmac-sha256")
	}
	return &Entity{name, algorithm, append([]byte(nil), secret...), NewV5(f.root, []byte(name))}, nil
}

func checkSecret(secret []byte) error {
	if len(secret) == 0 {
		return refuse("secret", "", "is missing")
	}
	if len(secret) < minSecretBytes {
		return refuse("secret", "", fmt.Sprintf("is shorter than %d bytes", minSecretBytes))
	}
	return nil
}

// Namespace is the UUIDv5 that the entity's names are hashed with.
func (e *Entity) Namespace() UUID { return e.namespace }

// ID is the ID of a Value (plain form) or a Record (record form).
func (e *Entity) ID(key Key) (UUID, error) {
	name, err := e.NameOf(key)
	if err != nil {
		return UUID{}, err
	}
	switch e.algorithm {
	case V5:
		return NewV5(e.namespace, []byte(name)), nil
	case V8SHA256:
		return NewV8SHA256(e.namespace, []byte(name)), nil
	}
	return NewV8HMACSHA256(e.namespace, []byte(name), e.secret)
}

// NameOf is the text that ID hashes: for tests and for looking into a difference. May be personal data.
func (e *Entity) NameOf(key Key) (string, error) { return nameOf(e.name, key) }

// UUID has its 16 bytes in network order, as every store and every other language has them.
type UUID [16]byte

// String is the lower-case form of 36 characters.
func (u UUID) String() string {
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// ParseUUID takes exactly the form of 36 characters, either case.
func ParseUUID(value string) (UUID, error) {
	var u UUID
	text, err := canonical("uuid", value, "uuid")
	if err == nil {
		_, err = hex.Decode(u[:], []byte(strings.ReplaceAll(text, "-", "")))
	}
	return u, err
}

// NewV5 is UUIDv5, RFC 9562 section 5.5. The name is taken as it is.
func NewV5(namespace UUID, name []byte) UUID {
	h := sha1.New() // names things here; protects nothing
	h.Write(namespace[:])
	h.Write(name)
	return uuidFrom(h.Sum(nil), 5)
}

// NewV8SHA256 is UUIDv8 from SHA-256, RFC 9562 section 5.8 and appendix B.2.
func NewV8SHA256(namespace UUID, name []byte) UUID {
	h := sha256.New()
	h.Write(namespace[:])
	h.Write(name)
	return uuidFrom(h.Sum(nil), 8)
}

// NewV8HMACSHA256 is UUIDv8 from HMAC-SHA-256: nobody without the secret can derive, guess or confirm it.
func NewV8HMACSHA256(namespace UUID, name, secret []byte) (UUID, error) {
	if err := checkSecret(secret); err != nil {
		return UUID{}, err
	}
	h := hmac.New(sha256.New, secret)
	h.Write(namespace[:])
	h.Write(name)
	return uuidFrom(h.Sum(nil), 8), nil
}

func uuidFrom(digest []byte, version byte) UUID {
	var u UUID
	copy(u[:], digest)
	u[6] = u[6]&0x0f | version<<4
	u[8] = u[8]&0x3f | 0x80 // the variant of RFC 9562
	return u
}
