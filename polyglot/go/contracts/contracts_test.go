package contracts_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"forgeshop.example/forgeid"
	"forgeshop.example/forgeid/contracts"
)

type value struct {
	JSON, Text, Amount, Currency, MinorUnits, Written, EpochMicroseconds, SKU, ProductID string
	Quantity                                                                             int32
	Error                                                                                bool
}

type message struct {
	Type, Topic, Key, Body, Change string
	Headers                        [][2]string
	Attributes                     map[string]any
	Values                         map[string]map[string]any
}

func read(t *testing.T, file string, into any) {
	content, err := os.ReadFile("../../../vectors/" + file)
	if err == nil {
		err = json.Unmarshal(content, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func entity(t *testing.T, name string) *forgeid.Entity {
	forge, err := forgeid.New("forgeshop.example")
	if err != nil {
		t.Fatal(err)
	}
	entity, err := forge.Entity(name)
	if err != nil {
		t.Fatal(err)
	}
	return entity
}

// check compares what was read with the vector: the text, or a refusal.
func check(t *testing.T, vector value, got string, err error, want string) {
	if vector.Error != errors.Is(err, contracts.ErrContract) || !vector.Error && got != want {
		t.Errorf("%+v: %q, %v", vector, got, err)
	}
}

func TestValuesMeanTheSame(t *testing.T) {
	var vectors struct {
		Money, Instants, Quantities, SKUs []value
		LineTotals                        []struct {
			UnitPrice, Currency, Total string
			Quantity                   uint64
		}
	}
	read(t, "values.json", &vectors)
	if len(vectors.Money)*len(vectors.Instants)*len(vectors.Quantities)*len(vectors.SKUs)*len(vectors.LineTotals) == 0 {
		t.Fatal("no vectors")
	}
	for _, vector := range vectors.Money {
		var money contracts.Money
		err := money.UnmarshalJSON([]byte(vector.JSON))
		check(t, vector, strconv.FormatUint(money.MinorUnits, 10)+money.Currency, err, vector.MinorUnits+vector.Currency)
		if !vector.Error {
			written, err := json.Marshal(money)
			check(t, vector, string(written), err, vector.Written)
		}
	}
	for _, line := range vectors.LineTotals {
		var price contracts.Money
		if err := json.Unmarshal([]byte(`{"amount":"`+line.UnitPrice+`","currency":"`+line.Currency+`"}`), &price); err != nil {
			t.Fatal(err)
		}
		if total, err := price.Times(line.Quantity).Amount(); total != line.Total {
			t.Errorf("%+v: %s, %v", line, total, err)
		}
	}
	for _, vector := range vectors.Instants {
		instant, err := contracts.ReadInstant(vector.Text)
		check(t, vector, strconv.FormatInt(instant.UnixMicro(), 10), err, vector.EpochMicroseconds)
	}
	for _, vector := range vectors.Quantities {
		quantity, err := contracts.ReadQuantity([]byte(vector.JSON))
		check(t, vector, strconv.Itoa(int(quantity)), err, strconv.Itoa(int(vector.Quantity)))
	}
	products := entity(t, "products")
	for _, vector := range vectors.SKUs {
		sku, err := contracts.ReadSKU(vector.Text)
		check(t, vector, sku, err, vector.SKU)
		if id, _ := products.ID(forgeid.SKU(sku)); !vector.Error && id.String() != vector.ProductID {
			t.Errorf("%+v: %s", vector, id)
		}
	}
}

func headersOf(message message) (headers []contracts.Header) {
	for _, header := range message.Headers {
		headers = append(headers, contracts.Header{Name: header[0], Value: []byte(header[1])})
	}
	return headers
}

func attributesOf(e contracts.Envelope) map[string]any {
	attributes := map[string]any{
		"id": e.ID.String(), "type": e.Type, "source": e.Source, "subject": e.Subject.String(), "sequence": strconv.FormatInt(e.Sequence, 10),
		"time": nil, "dataVersion": float64(e.DataVersion), "correlationId": nil, "causationId": nil,
	}
	if e.Time != nil {
		attributes["time"] = strconv.FormatInt(e.Time.UnixMicro(), 10)
	}
	if e.CorrelationID != nil {
		attributes["correlationId"] = e.CorrelationID.String()
	}
	if e.CausationID != nil {
		attributes["causationId"] = e.CausationID.String()
	}
	return attributes
}

func TestMessagesMeanTheSame(t *testing.T) {
	var vectors struct{ Events, Tolerated, Refused []message }
	read(t, "events.json", &vectors)
	events, seen := entity(t, "events"), map[string]bool{}
	for _, message := range append(vectors.Events, vectors.Tolerated...) {
		envelope, err := contracts.ReadEnvelope(headersOf(message), events)
		if err != nil || !reflect.DeepEqual(attributesOf(envelope), message.Attributes) {
			t.Errorf("%s %s: %+v, %v", message.Type, message.Change, envelope, err)
		}
		if message.Change != "" || err != nil {
			continue
		}
		seen[envelope.Type] = true
		if contracts.Events()[envelope.Type] != (contracts.Event{Topic: message.Topic, Version: int(envelope.DataVersion)}) {
			t.Errorf("%s: another topic or version", message.Type)
		}
		written, err := envelope.Headers(events, message.Headers[len(message.Headers)-1][1])
		if err != nil || !reflect.DeepEqual(written, headersOf(message)) {
			t.Errorf("%s: %s, %v", message.Type, written, err)
		}
		for pointer, expected := range message.Values {
			checkValue(t, message.Type+pointer, at(t, message.Body, pointer), expected)
		}
	}
	if len(seen) == 0 || len(seen) != len(contracts.Events()) {
		t.Errorf("%d of %d types have a vector", len(seen), len(contracts.Events()))
	}
	for _, message := range vectors.Refused {
		if _, err := contracts.ReadEnvelope(headersOf(message), events); !errors.Is(err, contracts.ErrContract) {
			t.Errorf("%s: %v", message.Change, err)
		}
	}
}

func at(t *testing.T, body, pointer string) json.RawMessage {
	node := json.RawMessage(body)
	for _, part := range strings.Split(pointer, "/")[1:] {
		var object map[string]json.RawMessage
		var list []json.RawMessage
		if index, err := strconv.Atoi(part); err == nil && json.Unmarshal(node, &list) == nil {
			node = list[index]
		} else if json.Unmarshal(node, &object) == nil {
			node = object[part]
		} else {
			t.Fatalf("%s is not in the body", pointer)
		}
	}
	return node
}

func checkValue(t *testing.T, what string, node json.RawMessage, expected map[string]any) {
	var text string
	got := map[string]any{}
	var err error
	for kind := range expected {
		switch kind {
		case "quantity":
			var quantity int32
			quantity, err = contracts.ReadQuantity(node)
			got[kind] = float64(quantity)
		case "minorUnits", "currency":
			var money contracts.Money
			err = json.Unmarshal(node, &money)
			got["minorUnits"], got["currency"] = strconv.FormatUint(money.MinorUnits, 10), money.Currency
		default:
			if err = json.Unmarshal(node, &text); err == nil && kind == "sku" {
				text, err = contracts.ReadSKU(text)
			} else if err == nil && kind == "epochMicroseconds" {
				instant, failure := contracts.ReadInstant(text)
				text, err = strconv.FormatInt(instant.UnixMicro(), 10), failure
			}
			got[kind] = text
		}
	}
	if err != nil || !reflect.DeepEqual(got, expected) {
		t.Errorf("%s: %v instead of %v, %v", what, got, expected, err)
	}
}
