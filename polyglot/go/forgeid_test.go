package forgeid_test

import (
	"encoding/hex"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"forgeshop.example/forgeid"
	"forgeshop.example/forgeid/internal/lines"
)

func TestVectors(t *testing.T) {
	ids := read(t, "forge-id.json").(map[string]any)
	run(t, "kinds", ids["kinds"], checkKind)
	run(t, "ids", ids["ids"], checkID)
	run(t, "rfc", read(t, "rfc9562.json"), checkRFC)
}

func read(t *testing.T, file string) any {
	content, err := os.ReadFile("../../vectors/" + file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := lines.ParseJSON(content)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func run(t *testing.T, what string, list any, check func(map[string]any) (map[string]string, error)) {
	items, _ := list.([]any)
	if len(items) == 0 {
		t.Errorf("%s: no vectors", what)
	}
	for i, item := range items {
		member, _ := item.(map[string]any)
		if problem := problemOf(member, check); problem != "" {
			t.Errorf("%s %d %v: %s", what, i, member["id"], problem)
		}
	}
}

func problemOf(item map[string]any, check func(map[string]any) (map[string]string, error)) string {
	got, err := check(item)
	_, mustBeRefused := item["error"]
	var isRefusal *forgeid.Error
	switch {
	case err != nil && mustBeRefused && errors.As(err, &isRefusal):
		return ""
	case err != nil:
		return "refused: " + err.Error()
	case mustBeRefused:
		return "must be refused"
	}
	for name, text := range got {
		if want, ok := item[name]; ok && want != text {
			return "wrong " + name
		}
	}
	return ""
}

func checkKind(item map[string]any) (map[string]string, error) {
	kind, _ := item["kind"].(string)
	input, isText := item["input"].(string)
	if !isText {
		return nil, lines.Refused("input", "WrongKind", "is not text")
	}
	text, err := forgeid.Canonical(kind, input)
	return map[string]string{"canonical": text}, err
}

func checkID(item map[string]any) (map[string]string, error) {
	entity, key, err := lines.ParseItem(item)
	if err != nil {
		return nil, err
	}
	name, err := entity.NameOf(key)
	if err != nil {
		return nil, err
	}
	id, err := entity.ID(key)
	return map[string]string{"namespace": entity.Namespace().String(), "name": name, "uuid": id.String()}, err
}

func checkRFC(item map[string]any) (map[string]string, error) {
	text, _ := item["namespace"].(string)
	namespace, err := forgeid.ParseUUID(text)
	if err != nil {
		return nil, err
	}
	name, err := nameBytes(item["name"])
	if err != nil {
		return nil, err
	}
	switch item["algorithm"] {
	case "uuidv5-sha1":
		return map[string]string{"uuid": forgeid.NewV5(namespace, name).String()}, nil
	case "uuidv8-sha256":
		return map[string]string{"uuid": forgeid.NewV8SHA256(namespace, name).String()}, nil
	}
	return nil, errors.New("unknown algorithm")
}

// nameBytes reads an rfc9562.json name: text, {repeat, count}, {hex}, or a list of those.
func nameBytes(node any) ([]byte, error) {
	switch node := node.(type) {
	case string:
		if !utf8.ValidString(node) {
			return nil, lines.Refused("name", "InvalidUtf8", "is not valid Unicode")
		}
		return []byte(node), nil
	case []any:
		var all []byte
		for _, part := range node {
			more, err := nameBytes(part)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	case map[string]any:
		if text, ok := node["hex"].(string); ok {
			return hex.DecodeString(text)
		}
		count, _ := node["count"].(lines.Number)
		n, err := strconv.Atoi(string(count))
		if err != nil {
			return nil, err
		}
		part, err := nameBytes(node["repeat"])
		return []byte(strings.Repeat(string(part), n)), err
	}
	return nil, errors.New("unknown form of name")
}

// Most of what other languages let pass the compiler refuses here.
func TestMisuseIsRefused(t *testing.T) {
	users := users(t)
	calls := []struct {
		name string
		key  forgeid.Key
	}{
		{"nil", nil},
		{"a pointer to nothing", (*forgeid.Value)(nil)},
		{"a value of no kind", forgeid.Value{}},
		{"a record that is nil", forgeid.Record(nil)},
		{"a list", forgeid.List{}},
		{"a field without anything", forgeid.Record{forgeid.Field{}}},
		{"a field that is nil", forgeid.Record{forgeid.F("a", nil)}},
		{"an item that is nil", forgeid.Record{forgeid.F("a", forgeid.List{nil})}},
	}
	for _, call := range calls {
		var isRefusal *forgeid.Error
		if _, err := users.ID(call.key); !errors.As(err, &isRefusal) {
			t.Errorf("%s: %v", call.name, err)
		}
	}
}

// Who does not look at the error must not find in the text what was refused.
func TestRefusalReturnsNoText(t *testing.T) {
	users := users(t)
	refused := map[string]string{
		"email": "é@b", "sku": "a b", "text": "a ", "int": "1é", "dec": "1,5", "bool": "yes", "uuid": "1-1-1-1-1",
		"ts3": "2024-01-15", "ts6": "2024-01-15",
	}
	for kind, value := range refused {
		text, err := forgeid.Canonical(kind, value)
		name, nameErr := users.NameOf(forgeid.NewValue(kind, value))
		record, recordErr := users.NameOf(forgeid.Record{forgeid.F("a", forgeid.NewValue(kind, value))})
		if text+name+record != "" || err == nil || nameErr == nil || recordErr == nil {
			t.Errorf("a refused %s is returned", kind)
		}
	}
}

func users(t *testing.T) *forgeid.Entity {
	forge, err := forgeid.New("forgeshop.example")
	if err != nil {
		t.Fatal(err)
	}
	users, err := forge.Entity("users")
	if err != nil {
		t.Fatal(err)
	}
	return users
}
