// Command forgeid runs the package forgeid against vector files, or derives IDs from JSON lines. run.sh
// builds it into a temporary directory and starts it.
//
//	sh run.sh vectors FILE...    checks files shaped like forge-id.json or rfc9562.json
//	sh run.sh derive [--why]     JSON lines on stdin, one uuid or "error" per line on stdout
//	                             (with --why: "error: " and the message)
//	sh run.sh misuse             calls that pass nil: each must be an *Error; and a refusal returns no text
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"forgeshop.example/forgeid"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	exit := 2
	switch args := os.Args[1:]; {
	case len(args) > 1 && args[0] == "vectors":
		exit = vectors(out, args[1:])
	case len(args) == 1 && args[0] == "derive":
		exit = deriveAll(out, false)
	case len(args) == 2 && args[0] == "derive" && args[1] == "--why":
		exit = deriveAll(out, true)
	case len(args) == 1 && args[0] == "misuse":
		exit = misuse(out)
	default:
		fmt.Fprintln(os.Stderr, "usage: run.sh vectors FILE...  |  run.sh derive [--why]  |  run.sh misuse")
	}
	out.Flush()
	os.Exit(exit)
}

func refused(where, reason, detail string) error {
	return &forgeid.Error{Where: where, Reason: reason, Detail: detail, CodePoint: -1}
}

// --- derive ----------------------------------------------------------------------------------------

func deriveAll(out *bufio.Writer, why bool) int {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	for len(input) > 0 {
		line, rest, _ := bytes.Cut(input, []byte("\n"))
		input = rest
		switch id, err := derive(line); {
		case err == nil:
			fmt.Fprintln(out, id)
		case why:
			fmt.Fprintf(out, "error: %v\n", err)
		default:
			fmt.Fprintln(out, "error")
		}
	}
	return 0
}

func derive(line []byte) (forgeid.UUID, error) {
	data, err := parseJSON(line)
	if err != nil {
		return forgeid.UUID{}, refused("line", "Form", "is not JSON")
	}
	item, ok := data.(map[string]any)
	if !ok {
		return forgeid.UUID{}, refused("line", "WrongShape", "is not a JSON object")
	}
	entity, key, err := parseItem(item)
	if err != nil {
		return forgeid.UUID{}, err
	}
	return entity.ID(key)
}

func parseItem(item map[string]any) (*forgeid.Entity, forgeid.Key, error) {
	var secret []byte
	if item["secret"] != nil {
		text, isText := item["secret"].(string)
		if !isText {
			return nil, nil, refused("secret", "Configuration", "is not text")
		}
		secret = []byte(text)
	}
	algorithm, isText := item["algorithm"].(string) // absent is refused here, although the library has a default
	if !isText {
		return nil, nil, refused("algorithm", "Configuration", "is not text")
	}
	domain, isText := item["domain"].(string)
	if !isText {
		return nil, nil, refused("domain", "Configuration", "is not text")
	}
	forge, err := forgeid.New(domain)
	if err != nil {
		return nil, nil, err
	}
	name, isText := item["entity"].(string)
	if !isText {
		return nil, nil, refused("entity", "Configuration", "is not text")
	}
	entity, err := forge.EntityWith(name, forgeid.Algorithm(algorithm), secret)
	if err != nil {
		return nil, nil, err
	}
	key, err := parseKey(item["key"])
	return entity, key, err
}

// parseKey: JSON -> what the library takes. Anything unexpected becomes nil, which the library refuses, and
// names the field.
func parseKey(node any) (forgeid.Key, error) {
	switch node := node.(type) {
	case []any:
		list := forgeid.List{}
		for _, item := range node {
			key, err := parseKey(item)
			if err != nil {
				return nil, err
			}
			list = append(list, key)
		}
		return list, nil
	case map[string]any:
		kind, hasKind := node["kind"]
		value, hasValue := node["value"]
		fields, hasFields := node["fields"]
		if (hasKind || hasValue) && !hasFields {
			kindText, _ := kind.(string)
			valueText, isText := value.(string)
			if isText {
				return forgeid.NewValue(kindText, valueText), nil
			}
			if value != nil {
				return nil, refused("key", "WrongKind", "has a value that is not text")
			}
		}
		if hasFields && !hasKind && !hasValue {
			return parseFields(fields)
		}
	}
	return nil, nil
}

func parseFields(node any) (forgeid.Key, error) {
	malformed := refused("key", "WrongShape", "has fields that are not [name, value] pairs")
	fields, ok := node.([]any)
	if !ok {
		return nil, malformed
	}
	record := forgeid.Record{}
	for _, field := range fields {
		pair, _ := field.([]any)
		if len(pair) != 2 {
			return nil, malformed
		}
		name, isText := pair[0].(string)
		if !isText {
			return nil, refused("key", "FieldName", "has a field name that is not text")
		}
		value, err := parseKey(pair[1])
		if err != nil {
			return nil, err
		}
		record = append(record, forgeid.Field{Name: name, Value: value})
	}
	return record, nil
}

// --- misuse ----------------------------------------------------------------------------------------

// misuse: most of what other languages let pass the compiler refuses here.
func misuse(out *bufio.Writer) int {
	forge, err := forgeid.New("forgeshop.example")
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	users, err := forge.Entity("users")
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
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
	failed := 0
	for _, call := range calls {
		var isRefusal *forgeid.Error
		if _, err := users.ID(call.key); !errors.As(err, &isRefusal) {
			failed++
			fmt.Fprintf(out, "%s: %v\n", call.name, err)
		}
	}
	// Who does not look at the error must not find in the text what was refused.
	refused := map[string]string{
		"email": "é@b", "sku": "a b", "text": "a ", "int": "1é", "dec": "1,5", "bool": "yes", "uuid": "1-1-1-1-1", "ts3": "2024-01-15", "ts6": "2024-01-15",
	}
	for kind, value := range refused {
		text, err := forgeid.Canonical(kind, value)
		name, nameErr := users.NameOf(forgeid.NewValue(kind, value))
		record, recordErr := users.NameOf(forgeid.Record{forgeid.F("a", forgeid.NewValue(kind, value))})
		if text+name+record != "" || err == nil || nameErr == nil || recordErr == nil {
			failed++
			fmt.Fprintf(out, "a refused %s is returned\n", kind)
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", len(calls)+len(refused)-failed, failed)
	if failed > 0 {
		return 1
	}
	return 0
}

// --- vectors ---------------------------------------------------------------------------------------

func vectors(out *bufio.Writer, files []string) int {
	passed, failed := 0, 0
	for _, file := range files {
		items, err := readVectors(file)
		if err != nil || len(items) == 0 {
			fmt.Fprintf(out, "%s: no vectors\n", file)
			failed++
		}
		for _, item := range items {
			if problem := item.problem(); problem != "" {
				fmt.Fprintf(out, "%s: %s: %s\n", file, item.label, problem)
				failed++
			} else {
				passed++
			}
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return 1
	}
	return 0
}

type vector struct {
	label  string
	check  func(map[string]any) (map[string]string, error)
	member map[string]any
}

func readVectors(file string) ([]vector, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	data, err := parseJSON(content)
	if err != nil {
		return nil, err
	}
	var all []vector
	add := func(what string, list any, check func(map[string]any) (map[string]string, error)) {
		items, _ := list.([]any)
		for i, item := range items {
			member, _ := item.(map[string]any)
			label := fmt.Sprintf("%s %d", what, i)
			if id, ok := member["id"].(string); ok {
				label = what + " " + id
			}
			all = append(all, vector{label, check, member})
		}
	}
	if object, ok := data.(map[string]any); ok {
		add("kinds", object["kinds"], checkKind)
		add("ids", object["ids"], checkID)
	} else {
		add("rfc", data, checkRFC)
	}
	return all, nil
}

func (v vector) problem() string {
	got, err := v.check(v.member)
	_, mustBeRefused := v.member["error"]
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
		if want, ok := v.member[name]; ok && want != text {
			return "wrong " + name
		}
	}
	return ""
}

func checkKind(item map[string]any) (map[string]string, error) {
	kind, _ := item["kind"].(string)
	input, isText := item["input"].(string)
	if !isText {
		return nil, refused("input", "WrongKind", "is not text")
	}
	text, err := forgeid.Canonical(kind, input)
	return map[string]string{"canonical": text}, err
}

func checkID(item map[string]any) (map[string]string, error) {
	entity, key, err := parseItem(item)
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
			return nil, refused("name", "InvalidUtf8", "is not valid Unicode")
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
		count, _ := node["count"].(number)
		n, err := strconv.Atoi(string(count))
		if err != nil {
			return nil, err
		}
		part, err := nameBytes(node["repeat"])
		return []byte(strings.Repeat(string(part), n)), err
	}
	return nil, errors.New("unknown form of name")
}
