package lines

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A strict JSON reader, RFC 8259. encoding/json cannot serve here: it turns a lone surrogate (\ud800) and
// invalid UTF-8 into U+FFFD without a word, and so would derive an ID from a text that must be refused.
// Here a lone surrogate becomes the three bytes that UTF-8 would have for it, which the library refuses.
// Objects become maps (of a duplicate member the last counts, as in most languages).

// Number is the text of a number.
type Number string

type reader struct {
	text string
	at   int
}

const maxJSONDepth = 500 // keeps hostile nesting from growing the stack

var (
	errJSON    = errors.New("not JSON")
	numberText = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?`)
)

// ParseJSON reads one JSON text. Numbers keep their text, as a Number.
func ParseJSON(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errJSON
	}
	r := &reader{text: string(text)}
	value, err := r.value(1)
	if err == nil && r.next() != 0 {
		err = errJSON
	}
	return value, err
}

// next is the next character that is not white space, or 0 at the end.
func (r *reader) next() byte {
	for r.at < len(r.text) && strings.IndexByte(" \t\n\r", r.text[r.at]) >= 0 {
		r.at++
	}
	if r.at == len(r.text) {
		return 0
	}
	if r.text[r.at] == 0 {
		return 1 // a NUL in the text is not its end; like 1, it starts nothing
	}
	return r.text[r.at]
}

func (r *reader) take(c byte) bool {
	if r.next() != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) value(depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, errJSON
	}
	switch r.next() {
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case '"':
		return r.string()
	case 't':
		return r.literal("true", true)
	case 'f':
		return r.literal("false", false)
	case 'n':
		return r.literal("null", nil)
	}
	text := numberText.FindString(r.text[r.at:])
	if text == "" {
		return nil, errJSON
	}
	r.at += len(text)
	return Number(text), nil
}

func (r *reader) literal(word string, value any) (any, error) {
	if !strings.HasPrefix(r.text[r.at:], word) {
		return nil, errJSON
	}
	r.at += len(word)
	return value, nil
}

func (r *reader) object(depth int) (any, error) {
	members := map[string]any{}
	r.at++
	if r.take('}') {
		return members, nil
	}
	for {
		if r.next() != '"' {
			return nil, errJSON
		}
		name, err := r.string()
		if err != nil || !r.take(':') {
			return nil, errJSON
		}
		if members[name], err = r.value(depth + 1); err != nil {
			return nil, err
		}
		if r.take('}') {
			return members, nil
		}
		if !r.take(',') {
			return nil, errJSON
		}
	}
}

func (r *reader) array(depth int) (any, error) {
	items := []any{}
	r.at++
	if r.take(']') {
		return items, nil
	}
	for {
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if r.take(']') {
			return items, nil
		}
		if !r.take(',') {
			return nil, errJSON
		}
	}
}

func (r *reader) string() (string, error) {
	var result strings.Builder
	r.at++
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			return result.String(), nil
		case c < 0x20:
			return "", errJSON
		case c != '\\':
			result.WriteByte(c)
		default:
			if err := r.escape(&result); err != nil {
				return "", err
			}
		}
	}
	return "", errJSON
}

func (r *reader) escape(result *strings.Builder) error {
	if r.at == len(r.text) {
		return errJSON
	}
	c := r.text[r.at]
	r.at++
	if simple := strings.IndexByte(`"\/bfnrt`, c); simple >= 0 {
		result.WriteByte("\"\\/\b\f\n\r\t"[simple])
		return nil
	}
	if c != 'u' {
		return errJSON
	}
	unit, ok := r.unit()
	if !ok {
		return errJSON
	}
	if utf16.IsSurrogate(unit) {
		before := r.at
		if strings.HasPrefix(r.text[r.at:], `\u`) {
			r.at += 2
			if low, ok := r.unit(); ok && utf16.DecodeRune(unit, low) != utf8.RuneError {
				result.WriteRune(utf16.DecodeRune(unit, low))
				return nil
			}
		}
		r.at = before
		result.Write([]byte{0xE0 | byte(unit>>12), 0x80 | byte(unit>>6)&0x3F, 0x80 | byte(unit)&0x3F})
		return nil
	}
	result.WriteRune(unit)
	return nil
}

// unit reads four hexadecimal digits.
func (r *reader) unit() (rune, bool) {
	if r.at+4 > len(r.text) {
		return 0, false
	}
	unit := rune(0)
	for _, c := range []byte(strings.ToLower(r.text[r.at : r.at+4])) {
		digit := strings.IndexByte("0123456789abcdef", c)
		if digit < 0 {
			return 0, false
		}
		unit = unit*16 + rune(digit)
	}
	r.at += 4
	return unit, true
}
