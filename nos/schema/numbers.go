// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decimal reads an integer without plus sign and leading zeros.
func decimal(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return 0, errForm
	}
	return n, nil
}

func parseInteger(t *Type, text string) (string, error) {
	n, err := decimal(text)
	if err != nil || !t.within(n) || t.Step != 0 && n%t.Step != 0 {
		return "", errForm
	}
	return text, nil
}

func parsePercentage(_ *Type, text string) (string, error) {
	n, err := decimal(strings.TrimSuffix(text, "%"))
	if err != nil || n < 0 || n > 100 {
		return "", errForm
	}
	return strconv.FormatInt(n, 10), nil
}

// duration reads a duration; a number alone is seconds.
func duration(text string) (time.Duration, error) {
	if n, err := decimal(text); err == nil && n >= 0 && n < math.MaxInt64/int64(time.Second) {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		return 0, errForm
	}
	return d, nil
}

func parseDuration(t *Type, text string) (string, error) {
	d, err := duration(text)
	if err != nil || !t.within(int64(d)) || t.Step != 0 && int64(d)%t.Step != 0 {
		return "", errForm
	}
	canonical := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(canonical, zero) {
			canonical = canonical[:len(canonical)-2]
		}
	}
	return canonical, nil
}

// scale is a suffix of sizes and rates.
type scale struct {
	suffix string
	factor int64
}

var (
	bytesScale = []scale{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}
	bitsScale  = []scale{{"G", 1e9}, {"M", 1e6}, {"k", 1e3}}
)

// scaled reads a number with a suffix; it may have a fraction if the whole is an integer.
func scaled(text string, scales []scale) (int64, error) {
	factor := int64(1)
	for _, s := range scales {
		if rest, ok := strings.CutSuffix(text, s.suffix); ok {
			text, factor = rest, s.factor
			break
		}
	}
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := decimal(whole)
	if err != nil || n < 0 || n > math.MaxInt64/factor || len(fraction) > 9 || strings.HasSuffix(text, ".") {
		return 0, errForm
	}
	n *= factor
	for _, digit := range fraction {
		if digit < '0' || digit > '9' || factor%10 != 0 {
			return 0, errForm
		}
		factor /= 10
		n += int64(digit-'0') * factor
	}
	return n, nil
}

// unscaled writes a number with the greatest suffix that it is a multiple of.
func unscaled(n int64, scales []scale) string {
	for _, s := range scales {
		if n != 0 && n%s.factor == 0 {
			return strconv.FormatInt(n/s.factor, 10) + s.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

func (t *Type) scaled(text string, scales []scale) (string, error) {
	n, err := scaled(text, scales)
	if err != nil || !t.within(n) || t.Step != 0 && n%t.Step != 0 {
		return "", errForm
	}
	return unscaled(n, scales), nil
}

func parseSize(t *Type, text string) (string, error) { return t.scaled(text, bytesScale) }
func parseRate(t *Type, text string) (string, error) { return t.scaled(text, bitsScale) }

// number reads a bound of a range in the type's own notation.
func (t *Type) number(text string) (int64, error) {
	switch t.Name {
	case "duration":
		d, err := duration(text)
		return int64(d), err
	case "size":
		return scaled(text, bytesScale)
	case "rate":
		return scaled(text, bitsScale)
	}
	return decimal(text)
}

// parseRanges reads the field range of a node: "1..10", or several apart by commas.
func (t *Type) parseRanges(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		low, high, two := strings.Cut(strings.TrimSpace(part), "..")
		if !two {
			high = low
		}
		from, err := t.number(low)
		to, err2 := t.number(high)
		if errors.Join(err, err2) != nil || from > to {
			return fmt.Errorf("range %q is not of the form 1..10", part)
		}
		r := Range{from, to, low}
		if two {
			r.text = low + " to " + high
		}
		t.Ranges = append(t.Ranges, r)
	}
	return nil
}

func parseVLAN(_ *Type, text string) (string, error) {
	if n, err := decimal(text); err != nil || n < 1 || n > 4094 {
		return "", errForm
	}
	return text, nil
}

func parseVLANSet(_ *Type, text string) (string, error) {
	spans, err := spans(text, 4094)
	if err != nil {
		return "", err
	}
	slices.SortFunc(spans, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	var merged [][2]int64
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s[0] <= merged[last][1]+1 {
			merged[last][1] = max(merged[last][1], s[1])
			continue
		}
		merged = append(merged, s)
	}
	texts := make([]string, len(merged))
	for i, s := range merged {
		texts[i] = span(s)
	}
	return strings.Join(texts, ","), nil
}

func parsePortRange(_ *Type, text string) (string, error) {
	spans, err := spans(text, 65535)
	if err != nil || len(spans) != 1 {
		return "", errForm
	}
	return span(spans[0]), nil
}

func span(s [2]int64) string {
	if s[0] == s[1] {
		return strconv.FormatInt(s[0], 10)
	}
	return fmt.Sprintf("%d-%d", s[0], s[1])
}

// spans reads numbers from 1 and ranges of them, apart by commas.
func spans(text string, most int64) ([][2]int64, error) {
	var all [][2]int64
	for part := range strings.SplitSeq(text, ",") {
		low, high, two := strings.Cut(part, "-")
		if !two {
			high = low
		}
		from, err := decimal(low)
		to, err2 := decimal(high)
		if errors.Join(err, err2) != nil || from < 1 || to > most || from > to {
			return nil, errForm
		}
		all = append(all, [2]int64{from, to})
	}
	return all, nil
}

// VLANs returns the ids in a value of type vlan-set, rising.
func VLANs(set string) []uint16 {
	all, err := spans(set, 4094)
	if err != nil {
		return nil
	}
	var ids []uint16
	for _, s := range all {
		for id := s[0]; id <= s[1]; id++ {
			ids = append(ids, uint16(id))
		}
	}
	return ids
}

// Number returns what a value of a number, duration, size or rate is in its base
// unit: as it is, nanoseconds, bytes, bits per second; 0 if it is none.
func (t *Type) Number(value string) int64 {
	n, err := t.number(value)
	if err != nil {
		return 0
	}
	return n
}
