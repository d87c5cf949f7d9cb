// Package lines reads keys in the JSON form of vectors/forge-id.json. For the tests and for cmd/forgeid.
package lines

import "forgeshop.example/forgeid"

// Refused is a refusal without a code point.
func Refused(where, reason, detail string) error {
	return &forgeid.Error{Where: where, Reason: reason, Detail: detail, CodePoint: -1}
}

// Derive is the ID of a line, or its refusal.
func Derive(line []byte) (forgeid.UUID, error) {
	data, err := ParseJSON(line)
	if err != nil {
		return forgeid.UUID{}, Refused("line", "Form", "is not JSON")
	}
	item, ok := data.(map[string]any)
	if !ok {
		return forgeid.UUID{}, Refused("line", "WrongShape", "is not a JSON object")
	}
	entity, key, err := ParseItem(item)
	if err != nil {
		return forgeid.UUID{}, err
	}
	return entity.ID(key)
}

// ParseItem reads the entity type and the key of an item of forge-id.json.
func ParseItem(item map[string]any) (*forgeid.Entity, forgeid.Key, error) {
	var secret []byte
	if item["secret"] != nil {
		text, isText := item["secret"].(string)
		if !isText {
			return nil, nil, Refused("secret", "Configuration", "is not text")
		}
		secret = []byte(text)
	}
	algorithm, isText := item["algorithm"].(string) // absent is refused here, although the library has a default
	if !isText {
		return nil, nil, Refused("algorithm", "Configuration", "is not text")
	}
	domain, isText := item["domain"].(string)
	if !isText {
		return nil, nil, Refused("domain", "Configuration", "is not text")
	}
	forge, err := forgeid.New(domain)
	if err != nil {
		return nil, nil, err
	}
	name, isText := item["entity"].(string)
	if !isText {
		return nil, nil, Refused("entity", "Configuration", "is not text")
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
				return nil, Refused("key", "WrongKind", "has a value that is not text")
			}
		}
		if hasFields && !hasKind && !hasValue {
			return parseFields(fields)
		}
	}
	return nil, nil
}

func parseFields(node any) (forgeid.Key, error) {
	malformed := Refused("key", "WrongShape", "has fields that are not [name, value] pairs")
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
			return nil, Refused("key", "FieldName", "has a field name that is not text")
		}
		value, err := parseKey(pair[1])
		if err != nil {
			return nil, err
		}
		record = append(record, forgeid.Field{Name: name, Value: value})
	}
	return record, nil
}
