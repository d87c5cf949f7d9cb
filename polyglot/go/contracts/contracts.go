// Package contracts reads and writes the values and the envelope of the shop's events exactly as .NET does. Checked by
// vectors/values.json and vectors/events.json. No number is ever a floating-point amount: money is counted in the smallest unit of its
// currency.
package contracts

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"forgeshop.example/forgeid"
)

// ErrContract is wrapped by the errors of values and messages that break their contract. They never repeat the value.
var ErrContract = errors.New("contract")

func refuse(why string) error { return fmt.Errorf("%w: %s", ErrContract, why) }

//go:embed contracts.json
var factsJSON []byte

// Event is the topic and the newest version of a type.
type Event struct {
	Topic   string
	Version int
}

var facts = func() (facts struct {
	Events           map[string]Event
	CurrencyDecimals map[string]int
}) {
	if err := json.Unmarshal(factsJSON, &facts); err != nil {
		panic(err) // the file is generated
	}
	return facts
}()

// Events has the topic and the newest version of each type.
func Events() map[string]Event { return facts.Events }

// --- Values ----------------------------------------------------------------------------------------

// Money is an amount in the smallest unit of its currency: 1250 is 12.50 EUR. In JSON it is {"amount":"12.50","currency":"EUR"}.
type Money struct {
	MinorUnits uint64
	Currency   string
}

var amount = regexp.MustCompile(`\A([0-9]{1,15})(?:\.([0-9]{1,4}))?\z`)

// UnmarshalJSON reads the form of the contract.
func (m *Money) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage // the names of a struct's members would be matched in any case
	var digits, currency *string
	if json.Unmarshal(data, &members) != nil || json.Unmarshal(members["amount"], &digits) != nil ||
		json.Unmarshal(members["currency"], &currency) != nil || digits == nil || currency == nil {
		return refuse("money is not an object with an amount and a currency as text")
	}
	parts := amount.FindStringSubmatch(*digits)
	if parts == nil {
		return refuse("the amount is not a string of digits")
	}
	decimals, known := facts.CurrencyDecimals[*currency]
	if !known {
		return refuse("the currency is unknown")
	}
	fraction := parts[2] + strings.Repeat("0", decimals)
	if strings.Trim(fraction[decimals:], "0") != "" {
		return refuse("the amount has more decimals than its currency")
	}
	units, err := strconv.ParseUint(parts[1]+fraction[:decimals], 10, 64)
	if err != nil {
		return refuse("the amount is too large")
	}
	*m = Money{units, *currency}
	return nil
}

// Times is a price times a quantity.
func (m Money) Times(quantity uint64) Money { return Money{m.MinorUnits * quantity, m.Currency} }

// Amount is the decimal text of the contract.
func (m Money) Amount() (string, error) {
	decimals, known := facts.CurrencyDecimals[m.Currency]
	if !known {
		return "", refuse("the currency is unknown")
	}
	digits := fmt.Sprintf("%0*d", decimals+1, m.MinorUnits)
	point := len(digits) - decimals
	if point > 15 {
		return "", refuse("the amount is too large")
	}
	if decimals == 0 {
		return digits, nil
	}
	return digits[:point] + "." + digits[point:], nil
}

// MarshalJSON writes the form of the contract.
func (m Money) MarshalJSON() ([]byte, error) {
	text, err := m.Amount()
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	}{text, m.Currency})
}

var instant = regexp.MustCompile(`\A(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,16}))?(Z|[+-]\d{2}:\d{2})?\z`)

// ReadInstant reads an instant with any offset (without one it is UTC), in microseconds, rounded down. The result is in UTC.
func ReadInstant(value string) (time.Time, error) {
	parts := instant.FindStringSubmatch(value)
	if parts == nil {
		return time.Time{}, refuse("the instant is not of the form 2026-11-21T08:00:00Z")
	}
	fraction, zone := (parts[2] + "000000")[:6], parts[3]
	if zone == "" {
		zone = "Z"
	}
	if zone != "Z" && (zone[1:] > "14:00" || zone[4:] > "59") {
		return time.Time{}, refuse("the instant does not exist")
	}
	read, err := time.Parse(time.RFC3339Nano, parts[1]+"."+fraction+zone)
	read = read.UTC()
	if err != nil || read.Year() < 1 || read.Year() > 9999 {
		return time.Time{}, refuse("the instant does not exist")
	}
	return read, nil
}

// ReadQuantity reads a whole number of 32 bits.
func ReadQuantity(data []byte) (int32, error) {
	number, err := strconv.ParseInt(string(data), 10, 32)
	if err != nil {
		return 0, refuse("the quantity is not a whole number of 32 bits")
	}
	return int32(number), nil
}

var sku = regexp.MustCompile(`\A[A-Za-z0-9][A-Za-z0-9._~-]{0,63}\z`)

// ReadSKU is the canonical form of a SKU of the shop, given in any case and with spaces around it.
func ReadSKU(value string) (string, error) {
	value = strings.Trim(value, "\t\n\v\f\r ")
	if !sku.MatchString(value) {
		return "", refuse("the SKU is not of the form [A-Z0-9][A-Z0-9._~-]{0,63}")
	}
	return strings.ToUpper(value), nil // of ASCII, as checked above
}

// --- Envelope: CloudEvents 1.0 in Kafka's binary mode -------------------------------------------------

// Header is a header of a Kafka message.
type Header struct {
	Name  string
	Value []byte
}

// Envelope has the attributes of a message. What only explains the event is nil or empty where it cannot be read.
type Envelope struct {
	ID            forgeid.UUID
	Type          string
	Source        string
	Subject       forgeid.UUID
	Sequence      int64
	Time          *time.Time // nil: take the time of the record
	DataVersion   int64
	CorrelationID *forgeid.UUID
	CausationID   *forgeid.UUID
}

// ReadEnvelope reads the attributes of a message and verifies its ID. Of several headers with one name the last counts. The entity type
// is that of event IDs: forge.Entity("events").
func ReadEnvelope(headers []Header, events *forgeid.Entity) (Envelope, error) {
	texts := map[string]string{}
	for _, header := range headers {
		delete(texts, header.Name)
		if isText(header.Value) {
			texts[header.Name] = string(header.Value)
		}
	}
	if texts["ce_specversion"] != "1.0" {
		return Envelope{}, refuse("ce_specversion is not 1.0")
	}
	sequence, err := positive("ce_sequence", texts["ce_sequence"])
	if err != nil {
		return Envelope{}, err
	}
	subject, id := readID(texts["ce_subject"]), readID(texts["ce_id"])
	if subject == nil || id == nil {
		return Envelope{}, refuse("the header ce_subject or ce_id is not an ID")
	}
	if derived, err := eventID(events, *subject, texts["ce_type"], sequence); err != nil || derived != *id {
		return Envelope{}, refuse("ce_id is not derived from ce_subject, ce_type and ce_sequence")
	}
	version, hasVersion := texts["ce_dataversion"]
	if !hasVersion {
		version = "1"
	}
	dataVersion, err := positive("ce_dataversion", version)
	if err != nil {
		return Envelope{}, err
	}
	envelope := Envelope{
		*id, texts["ce_type"], texts["ce_source"], *subject, sequence, nil, dataVersion,
		readID(texts["ce_correlationid"]), readID(texts["ce_causationid"]),
	}
	if read, err := ReadInstant(texts["ce_time"]); err == nil {
		envelope.Time = &read
	}
	return envelope, nil
}

// Headers are the headers of a message, in the order in which .NET writes them. The ID is derived; the time must not be nil. The trace
// parent may be empty.
func (e Envelope) Headers(events *forgeid.Entity, traceParent string) ([]Header, error) {
	id, err := eventID(events, e.Subject, e.Type, e.Sequence)
	if err != nil {
		return nil, err
	}
	var headers []Header
	for _, header := range [][2]string{
		{"ce_specversion", "1.0"}, {"ce_id", id.String()}, {"ce_type", e.Type}, {"ce_source", e.Source}, {"ce_subject", e.Subject.String()},
		{"ce_time", e.Time.UTC().Format("2006-01-02T15:04:05.999999Z07:00")}, {"ce_sequence", strconv.FormatInt(e.Sequence, 10)},
		{"ce_dataversion", strconv.FormatInt(e.DataVersion, 10)}, {"ce_correlationid", textOf(e.CorrelationID)},
		{"ce_causationid", textOf(e.CausationID)}, {"content-type", "application/json"}, {"traceparent", traceParent},
	} {
		if header[1] != "" {
			headers = append(headers, Header{header[0], []byte(header[1])})
		}
	}
	return headers, nil
}

func eventID(events *forgeid.Entity, aggregate forgeid.UUID, kind string, sequence int64) (forgeid.UUID, error) {
	return events.ID(forgeid.Record{
		forgeid.F("aggregate", forgeid.ID(aggregate)), forgeid.F("type", forgeid.Text(kind)), forgeid.F("sequence", forgeid.Int(sequence)),
	})
}

func isText(value []byte) bool {
	return utf8.Valid(value) && strings.IndexFunc(string(value), func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }) < 0
}

func readID(text string) *forgeid.UUID {
	id, err := forgeid.ParseUUID(text)
	if err != nil {
		return nil
	}
	return &id
}

func textOf(id *forgeid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

var digits = regexp.MustCompile(`\A[0-9]+\z`)

func positive(name, text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 || !digits.MatchString(text) {
		return 0, refuse("the header " + name + " is not a positive integer")
	}
	return number, nil
}
