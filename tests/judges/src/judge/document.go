package judge

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// ReadDocument reads JSON in any spelling, as long as no name comes twice in an object. Numbers stay text.
func ReadDocument(data []byte) (interface{}, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	value, err := readValue(decoder)
	if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more than one document")
	}
	return value, nil
}

func readValue(decoder *json.Decoder) (interface{}, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		found := map[string]interface{}{}
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			if _, twice := found[name.(string)]; twice {
				return nil, errors.New("a name comes twice")
			}
			if found[name.(string)], err = readValue(decoder); err != nil {
				return nil, err
			}
		}
		_, err = decoder.Token()
		return found, err
	case json.Delim('['):
		found := []interface{}{}
		for decoder.More() {
			one, err := readValue(decoder)
			if err != nil {
				return nil, err
			}
			found = append(found, one)
		}
		_, err = decoder.Token()
		return found, err
	}
	return token, nil
}
