// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON may be nested.
const maxDepth = 32

// strict reads JSON of at most most bytes that means one thing only: no field that is not known,
// none that is there twice (in whatever case, as Go's reader takes them for the same), nothing
// behind it, valid UTF-8.
func strict(text []byte, most int, into any) error {
	if len(text) > most {
		return fmt.Errorf("it is %d bytes long, at most %d are read", len(text), most)
	}
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8")
	}
	if err := unambiguous(text); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// unambiguous refuses fields that are there twice, and what follows the one value.
func unambiguous(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := walk(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its end")
	}
	return nil
}

func walk(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth == maxDepth {
		return fmt.Errorf("it is nested deeper than %d", maxDepth)
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' {
			if err := field(d, seen); err != nil {
				return err
			}
		}
		if err := walk(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// field reads a field's name.
func field(d *json.Decoder, seen map[string]bool) error {
	token, err := d.Token()
	if err != nil {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	name, _ := token.(string)
	folded := strings.ToLower(name)
	if seen[folded] {
		return fmt.Errorf("field %.80q is there twice", name)
	}
	seen[folded] = true
	return nil
}
