// Package forgeid derives Forge IDs, version 1 ("forge:1"): the same 16 bytes for the same thing, in
// every language. It needs Go 1.19 and the standard library.
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
// All rules follow one principle: a step that rewrites a key (trimming, changing case) touches
// ASCII only, so that it is the same in every language; whatever else could make two equal-looking keys
// differ is refused with an error and never repaired. That is why strings.ToLower, strings.TrimSpace, the
// package unicode and time.Parse are not used below: each of them gives another answer in another
// language, or accepts more than it should.
//
// A refusal is an *Error. It names the field, the kind, the reason and the refused code point, but
// never the value: a key may be personal data, and error messages end up in logs. The reasons are the same
// words in every language, and so is which one of several mistakes is named: the first.
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

// Version is the version of this module; its tag is polyglot/go/v and this version.
const Version = "1.0.0-preview.1"

const (
	maxDepth       = 8 // of a record; the outer record is level 1
	minSecretBytes = 16
)

// RFC 9562, section 6.6.
var dnsNamespace = UUID{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// Error is a refusal. Where is the field or the argument; CodePoint is the refused character, or -1.
//
// Reason is a stable word: Missing, Empty, TooLong, Character, Edge, InvalidUtf8, Form, TooManyDigits, Range,
// TooPrecise, FieldName, DuplicateField, NoFields, TooDeep, WrongKind or WrongShape; Configuration where not a
// key but the domain, entity type, algorithm or secret is refused. Detail is for people.
type Error struct {
	Where, Kind, Reason, Detail string
	CodePoint                   rune
}

func (e *Error) Error() string {
	where := e.Where
	if e.Kind != "" {
		where += " (" + e.Kind + ")"
	}
	return where + ": " + e.Reason + ": " + e.Detail
}

func refuse(where, kind, reason, detail string) error {
	return &Error{where, kind, reason, detail, -1}
}

func misconfigured(where, detail string) error { return refuse(where, "", "Configuration", detail) }

// blameAt refuses the character at an offset, with a detail such as "U+00E9 is not allowed there". A Go string
// may hold any bytes, and decoding shows a bad one as U+FFFD, which is a valid character.
func blameAt(where, kind, value string, at int, reason, detail string) error {
	r, size := utf8.DecodeRuneInString(value[at:])
	if r == utf8.RuneError && size == 1 {
		if reason == character {
			reason = "InvalidUtf8"
		}
		return refuse(where, kind, reason, "is not valid UTF-8")
	}
	return &Error{where, kind, reason, strings.Replace(detail, "U+", fmt.Sprintf("U+%04X", r), 1), r}
}

const (
	character  = "Character"
	notAllowed = "U+ is not allowed there"
)

// firstWrong is the offset of the first character that is not allowed or not UTF-8, or -1.
func firstWrong(allowed func(rune) bool, value string) int {
	for i, r := range value {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(value[i:]); size == 1 {
				return i
			}
		}
		if !allowed(r) {
			return i
		}
	}
	return -1
}

func allow(where, kind string, allowed func(rune) bool, value string) error {
	if wrong := firstWrong(allowed, value); wrong >= 0 {
		return blameAt(where, kind, value, wrong, character, notAllowed)
	}
	return nil
}

// stop is for a value whose first bytes, up to at, could begin a valid one: it refuses the next one, or the early end.
func stop(where, kind, value string, at int, detail string) error {
	if at < len(value) {
		return blameAt(where, kind, value, at, character, notAllowed)
	}
	return refuse(where, kind, "Form", detail)
}

// limit is checked before the characters of a value, so that every language reports the same one of two errors.
func limit(where, kind, value string, most int) error {
	if len(value) > most {
		return refuse(where, kind, "TooLong", fmt.Sprintf("is longer than %d bytes", most))
	}
	return nil
}

// The package unicode covers all of Unicode and grows with each version of Go.
func isDigit(r rune) bool        { return r >= '0' && r <= '9' }
func isLower(r rune) bool        { return r >= 'a' && r <= 'z' }
func isUpper(r rune) bool        { return r >= 'A' && r <= 'Z' }
func isAlphanumeric(r rune) bool { return isDigit(r) || isLower(r) || isUpper(r) }
func isField(r rune) bool        { return isLower(r) || isDigit(r) || r == '_' }
func isEntity(r rune) bool       { return isField(r) || r == '.' || r == '-' }

// --- Values: what a caller writes ------------------------------------------------------------------

// Key is one Value (plain form) or one Record (record form, in which Lists may stand).
type Key interface{ isKey() }

// Value is one typed value. Its members are private, and String hides them, so that neither a JSON encoder
// nor %v puts a key into a log.
type Value struct{ kind, text string }

// List is an ordered list inside a record; it may be empty.
type List []Key

// Record has its fields in any order. A slice and not a map, so that duplicates are detected and refused.
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

// Email is an e-mail address: trimmed, in lower case.
func Email(value string) Value { return Value{"email", value} }

// SKU is a stock keeping unit: trimmed, in upper case.
func SKU(value string) Value { return Value{"sku", value} }

// Text is a text of at most 1,024 bytes of UTF-8, byte for byte.
func Text(value string) Value { return Value{"text", value} }

// Int is a whole number.
func Int(value int64) Value { return Value{"int", strconv.FormatInt(value, 10)} }

// IntText is a whole number of at most 38 digits.
func IntText(value string) Value { return Value{"int", value} }

// Dec is a decimal number of at most 28 digits. Text only: a float has lost digits already.
func Dec(value string) Value { return Value{"dec", value} }

// Bool is a truth value.
func Bool(value bool) Value { return Value{"bool", strconv.FormatBool(value)} }

// ID is a UUID.
func ID(value UUID) Value { return Value{"uuid", value.String()} }

// IDText is a UUID of 36 characters, in either case.
func IDText(value string) Value { return Value{"uuid", value} }

// TS3 is an instant in milliseconds, with any UTC offset; of a time.Time: t.Format(time.RFC3339Nano).
func TS3(value string) Value { return Value{"ts3", value} }

// TS6 is an instant in microseconds.
func TS6(value string) Value { return Value{"ts6", value} }

// NewValue is for a kind that is only known at run time. An unknown one is refused when the ID is derived.
func NewValue(kind, text string) Value { return Value{kind, text} }

// --- Canonical text: one text per value ------------------------------------------------------------

// Canonical returns the canonical text of a value.
func Canonical(kind, value string) (string, error) { return canonical(kind, value, "key") }

func canonical(kind, value, where string) (string, error) {
	rule := rules[kind]
	if rule == nil {
		return "", refuse(where, "", "WrongKind", "has an unknown kind")
	}
	if kind == "email" || kind == "sku" {
		value = strip(value)
	}
	if value == "" {
		return "", refuse(where, kind, "Empty", "is empty")
	}
	return rule(value, where, kind)
}

var rules = map[string]func(value, where, kind string) (string, error){
	"email": canonicalEmail, "sku": canonicalSKU, "text": canonicalText, "int": canonicalInt, "dec": canonicalDec,
	"bool": canonicalBool, "uuid": canonicalUUID, "ts3": canonicalTimestamp, "ts6": canonicalTimestamp,
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

// \A and \z are the ends of the text under any flags; [0-9] and not \d, which is ambiguous. A pattern of a
// beginning matches the longest beginning of a valid value; its length is the index of the wrong character.
var (
	email          = regexp.MustCompile(`\A[A-Za-z0-9.!#$%&'*+/=?^_\x60{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\z`)
	emailBeginning = regexp.MustCompile(`\A(?:[A-Za-z0-9.!#$%&'*+/=?^_\x60{|}~-]+(?:@(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]*)?)?`)
	dec            = regexp.MustCompile(`\A(-?)([0-9]+)(?:\.([0-9]+))?\z`)
	decBeginning   = regexp.MustCompile(`\A-?(?:[0-9]+(?:\.[0-9]*)?)?`)
	uuidText       = regexp.MustCompile(`\A[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\z`)
	badInDomain    = regexp.MustCompile(`[^A-Za-z0-9.-]|(?:\A|\.)\.`)
)

func canonicalEmail(value, where, kind string) (string, error) {
	if err := limit(where, kind, value, 254); err != nil {
		return "", err
	}
	if !email.MatchString(value) {
		return "", stop(where, kind, value, len(emailBeginning.FindString(value)), "is not of the form local@domain")
	}
	return lower(value), nil
}

func canonicalSKU(value, where, kind string) (string, error) {
	if err := limit(where, kind, value, 64); err != nil {
		return "", err
	}
	if err := allow(where, kind, func(r rune) bool { return r >= '!' && r <= '~' }, value); err != nil {
		return "", err
	}
	return upper(value), nil
}

// isTextAllowed refuses what is invisible, or able to make one text look like another, or impossible
// in some language: controls, soft hyphen, zero-width and bidirectional marks, line separators,
// noncharacters. (Lone surrogates cannot be valid UTF-8.) Letters and accents are not changed: é in one
// and é in two code points are two keys.
func isTextAllowed(r rune) bool {
	return !(r <= 0x1F || r >= 0x7F && r <= 0x9F || r == 0xAD || r == 0x180E || r == 0x200B ||
		r == 0x200E || r == 0x200F || r >= 0x2028 && r <= 0x202E || r >= 0x2060 && r <= 0x2069 ||
		r >= 0xFDD0 && r <= 0xFDEF || r == 0xFEFF || r >= 0xFFF9 && r <= 0xFFFB || r&0xFFFE == 0xFFFE)
}

func isTextSpace(r rune) bool {
	return r == 0x20 || r == 0xA0 || r == 0x1680 || r >= 0x2000 && r <= 0x200A || r == 0x202F || r == 0x205F || r == 0x3000
}

func canonicalText(value, where, kind string) (string, error) {
	if err := limit(where, kind, value, 1024); err != nil {
		return "", err
	}
	if first, _ := utf8.DecodeRuneInString(value); isTextSpace(first) {
		return "", blameAt(where, kind, value, 0, "Edge", "must not start with U+")
	}
	if err := allow(where, kind, isTextAllowed, value); err != nil {
		return "", err
	}
	if last, size := utf8.DecodeLastRuneInString(value); isTextSpace(last) {
		return "", blameAt(where, kind, value, len(value)-size, "Edge", "must not end with U+")
	}
	return value, nil
}

func canonicalInt(value, where, kind string) (string, error) {
	digits := strings.TrimPrefix(value, "-")
	if len(digits) > 38 {
		return "", refuse(where, kind, "TooLong", "has more than 38 digits")
	}
	leadingZero := strings.HasPrefix(digits, "0") && value != "0" // -0 is one as well
	if digits == "" || leadingZero {
		return "", refuse(where, kind, "Form", "is not a whole number without leading zeros")
	}
	if err := allow(where, kind, isDigit, digits); err != nil {
		return "", err
	}
	return value, nil
}

func canonicalDec(value, where, kind string) (string, error) {
	match := dec.FindStringSubmatch(value)
	if match == nil {
		return "", stop(where, kind, value, len(decBeginning.FindString(value)), "is not a decimal number such as -12.5")
	}
	whole, fraction := strings.TrimLeft(match[2], "0"), strings.TrimRight(match[3], "0")
	if len(whole)+len(fraction) > 28 {
		return "", refuse(where, kind, "TooManyDigits", "has more than 28 digits")
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
	return match[1] + whole + fraction, nil
}

func canonicalBool(value, where, kind string) (string, error) {
	if value != "true" && value != "false" {
		return "", refuse(where, kind, "Form", "is neither true nor false")
	}
	return value, nil
}

func canonicalUUID(value, where, kind string) (string, error) {
	if !uuidText.MatchString(value) {
		return "", refuse(where, kind, "Form", "is not a UUID of 36 characters")
	}
	return lower(value), nil
}

// fits returns how many bytes of a value match shape, where 0 is any digit.
func fits(value, shape string) int {
	length := 0
	for length < len(shape) && length < len(value) {
		c, expected := rune(value[length]), rune(shape[length])
		if expected == '0' && !isDigit(c) || expected != '0' && c != expected {
			break
		}
		length++
	}
	return length
}

func canonicalTimestamp(value, where, kind string) (string, error) {
	const form = "is not a time such as 2024-01-15T10:30:00Z"
	number := func(start, end int) int {
		n, _ := strconv.Atoi(value[start:end]) // two or four digits, as seen by fits
		return n
	}
	end := fits(value, "0000-00-00T00:00:00")
	if end < 19 {
		return "", stop(where, kind, value, end, form)
	}
	fraction := ""
	if rest := value[end:]; strings.HasPrefix(rest, ".") {
		fraction = rest[1 : len(rest)-len(strings.TrimLeft(rest[1:], "0123456789"))]
		if len(fraction) < 1 || len(fraction) > 9 {
			return "", refuse(where, kind, "Form", form)
		}
		end += 1 + len(fraction)
	}

	offset := 0
	switch zone := value[end:]; {
	case strings.HasPrefix(zone, "Z"):
		end++
	case strings.HasPrefix(zone, "+"), strings.HasPrefix(zone, "-"):
		if fit := fits(zone[1:], "00:00"); fit < 5 {
			return "", stop(where, kind, value, end+1+fit, form)
		}
		offset = number(end+1, end+3)*60 + number(end+4, end+6)
		if number(end+4, end+6) > 59 || offset > 14*60 {
			return "", refuse(where, kind, "Range", "has an offset outside -14:00 to +14:00")
		}
		if zone[0] == '-' && offset == 0 {
			return "", refuse(where, kind, "Range", "has the offset -00:00, which means unknown")
		}
		if zone[0] == '-' {
			offset = -offset
		}
		end += 6
	default:
		return "", stop(where, kind, value, end, form)
	}
	if end < len(value) {
		return "", blameAt(where, kind, value, end, character, notAllowed)
	}

	digits := 6
	if kind == "ts3" {
		digits = 3
	}
	if len(fraction) > digits {
		if strings.Trim(fraction[digits:], "0") != "" {
			return "", refuse(where, kind, "TooPrecise", fmt.Sprintf("is finer than %d decimals", digits))
		}
		fraction = fraction[:digits]
	}
	fraction += strings.Repeat("0", digits-len(fraction))

	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return "", refuse(where, kind, "Range", "has a date that does not exist")
	}
	if hour > 23 || minute > 59 || second > 59 {
		return "", refuse(where, kind, "Range", "has a time of day that does not exist")
	}
	minutes := hour*60 + minute - offset // of the day; subtracting the offset makes it UTC
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
		return "", refuse(where, kind, "Range", "is outside the years 0001 to 9999 in UTC")
	}
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
	if key == nil {
		return "", refuse("key", "", "Missing", "is nil")
	}
	return "", refuse("key", "", "WrongShape", "is neither a value nor a record")
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
		if err != nil {
			return "", err
		}
		// The leaf contains the kind, so that services which disagree on a kind disagree on every ID.
		return `"` + value.kind + ":" + escapes.Replace(text) + `"`, nil
	}
	if node == nil {
		return "", refuse(where, "", "Missing", "is nil")
	}
	if depth > maxDepth {
		return "", refuse(where, "", "TooDeep", fmt.Sprintf("is nested deeper than %d levels", maxDepth))
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
			rendered, err := render(field.Value, fieldPath, depth+1)
			if err != nil {
				return "", err
			}
			names = append(names, field.Name)
			fields[field.Name] = `"` + field.Name + `":` + rendered
		}
		if len(names) == 0 {
			return "", refuse(where, "", "NoFields", "must have at least one field")
		}
		sort.Strings(names) // by byte
		for i, name := range names {
			if i+1 < len(names) && names[i+1] == name {
				if path != "" {
					name = path + "." + name
				}
				return "", refuse("field "+name, "", "DuplicateField", "appears twice")
			}
			names[i] = fields[name]
		}
		return "{" + strings.Join(names, ",") + "}", nil
	}
	return "", refuse(where, "", "WrongShape", "is not a value, a list or a record")
}

func checkFieldName(name, where string) error {
	wrong := firstWrong(isField, name)
	if name != "" && !isLower(rune(name[0])) {
		wrong = 0
	}
	if wrong >= 0 {
		return blameAt(where, "", name, wrong, "FieldName", "has a field name with U+")
	}
	if len(name) < 1 || len(name) > 64 {
		return refuse(where, "", "FieldName", "has a field name that is not 1 to 64 characters long")
	}
	return nil
}

// --- ID: from a domain to 16 bytes -----------------------------------------------------------------

// Algorithm is how a name becomes an ID.
type Algorithm string

// The algorithms.
const (
	V5           Algorithm = "v5"             // outsiders may derive the ID
	V8SHA256     Algorithm = "v8-sha256"      // where SHA-1 is not allowed
	V8HMACSHA256 Algorithm = "v8-hmac-sha256" // only with the secret can an ID be derived or confirmed
)

// Forge holds all entity types of one domain.
type Forge struct{ root UUID }

// New takes a domain such as forgeshop.example.
func New(domain string) (*Forge, error) {
	// Characters before length: the counted text is then ASCII, and all languages count alike.
	if bad := badInDomain.FindStringIndex(domain); bad != nil {
		return nil, blameAt("domain", "", domain, bad[0], "Configuration", notAllowed)
	}
	if len(domain) < 1 || len(domain) > 253 {
		return nil, misconfigured("domain", "is not 1 to 253 characters long")
	}
	if strings.HasSuffix(domain, ".") {
		return nil, misconfigured("domain", "ends with a dot")
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
	switch algorithm {
	case V5, V8SHA256:
		if secret != nil {
			// The caller of a secret expects IDs that cannot be guessed; these can.
			return nil, misconfigured("secret", "is only used by v8-hmac-sha256")
		}
	case V8HMACSHA256:
		if !utf8.Valid(secret) {
			return nil, misconfigured("secret", "is not valid UTF-8")
		}
		if err := checkSecret(secret); err != nil {
			return nil, err
		}
	default:
		return nil, misconfigured("algorithm", "is not one of v5, v8-sha256, v8-hmac-sha256")
	}
	wrong := firstWrong(isEntity, name)
	if name != "" && !isLower(rune(name[0])) {
		wrong = 0
	}
	if wrong >= 0 {
		return nil, blameAt("entity", "", name, wrong, "Configuration", notAllowed)
	}
	if len(name) < 1 || len(name) > 64 {
		return nil, misconfigured("entity", "is not 1 to 64 characters long")
	}
	return &Entity{name, algorithm, append([]byte(nil), secret...), NewV5(f.root, []byte(name))}, nil
}

func checkSecret(secret []byte) error {
	if len(secret) == 0 {
		return misconfigured("secret", "is missing")
	}
	if len(secret) < minSecretBytes {
		return misconfigured("secret", fmt.Sprintf("is shorter than %d bytes", minSecretBytes))
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

// NameOf is the text that ID hashes: for tests and for the analysis of differences. May be personal data.
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

// NewV8HMACSHA256 is UUIDv8 from HMAC-SHA-256: without the secret an ID cannot be derived, guessed or confirmed.
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
