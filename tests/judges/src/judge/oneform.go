package judge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
)

// ReadOneForm reads JSON that is in its one form: sorted keys, no spaces, the shortest escapes. Numbers stay text.
func ReadOneForm(data []byte) (interface{}, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value interface{}
	if err := decoder.Decode(&value); err != nil {
		return nil, errors.New("not JSON")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more than one document")
	}
	var again strings.Builder
	writeOneForm(&again, value)
	if again.String() != string(data) {
		return nil, errors.New("not in its one form")
	}
	return value, nil
}

func writeOneForm(out *strings.Builder, value interface{}) {
	switch value := value.(type) {
	case map[string]interface{}:
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		for i, key := range keys {
			out.WriteByte("{,"[least(i, 1)])
			writeText(out, key)
			out.WriteByte(':')
			writeOneForm(out, value[key])
		}
		if len(keys) == 0 {
			out.WriteByte('{')
		}
		out.WriteByte('}')
	case []interface{}:
		out.WriteByte('[')
		for i, one := range value {
			if i > 0 {
				out.WriteByte(',')
			}
			writeOneForm(out, one)
		}
		out.WriteByte(']')
	case string:
		writeText(out, value)
	case nil:
		out.WriteString("null")
	default:
		fmt.Fprint(out, value)
	}
}

func least(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func writeText(out *strings.Builder, text string) {
	const short = "btn\x00fr"
	out.WriteByte('"')
	for i := 0; i < len(text); i++ {
		switch at := text[i]; {
		case at == '"' || at == '\\':
			out.WriteByte('\\')
			out.WriteByte(at)
		case at >= 8 && at <= 13 && at != 11:
			out.WriteByte('\\')
			out.WriteByte(short[at-8])
		case at < 0x20:
			fmt.Fprintf(out, "\\u%04x", at)
		default:
			out.WriteByte(at)
		}
	}
	out.WriteByte('"')
}
