// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

// errForm is a value of another form, about which there is no more to say than what is expected.
var errForm = errors.New("")

// kind is a row of the table of types.
type kind struct {
	name  string
	what  string // completes "expected"
	parse func(*Type, string) (string, error)
}

// kinds is the table of types: what the field type of a node may be.
var kinds = [...]kind{
	{"string", "text", parseString},
	{"text", "text, also of several lines, in bytes", parseText},
	{"name", "name of letters, digits, '_', '.', '-', beginning with a letter or digit", parseName},
	{"integer", "integer", parseInteger},
	{"boolean", "true or false", parseBoolean},
	{"enum", "one of the choices", parseEnum},
	{"percentage", "percentage, 0 to 100", parsePercentage},
	{"duration", "duration, such as 30s or 5m, in", parseDuration},
	{"size", "bytes, such as 1500 or 64KiB, in", parseSize},
	{"rate", "bits per second, such as 10M or 2.5G, in", parseRate},
	{"hostname", "hostname (RFC 1123)", parseHostname},
	{"host", "hostname or address", parseHost},
	{"address", "IPv4 or IPv6 address", parseAddress},
	{"address-v4", "IPv4 address", parseAddressV4},
	{"address-v6", "IPv6 address", parseAddressV6},
	{"interface-address", "address with the length of its prefix, such as 192.0.2.1/24 or 2001:db8::1/64", parseInterfaceAddress},
	{"prefix", "prefix, such as 192.0.2.0/24 or 2001:db8::/32", parsePrefix},
	{"next-hop", "address of a router, or blackhole", parseNextHop},
	{"mac", "MAC address of one station, such as 02:00:5e:10:00:01", parseMAC},
	{"interface", "interface name of at most 15 bytes without '/' and blanks", parseInterface},
	{"vlan", "VLAN id 1 to 4094", parseVLAN},
	{"vlan-set", "VLAN ids 1 to 4094 and ranges of them, such as 10,20-30", parseVLANSet},
	{"port-range", "port 1 to 65535 or a range of ports, such as 80 or 8000-8099", parsePortRange},
	{"reference", "name of an entry", parseReference},
	{"time-zone", "time zone such as UTC or Europe/Berlin", parseTimeZone},
	{"url", "URL with scheme and host, such as https://example.net/path", parseURL},
	{"public-key", "SSH public key, such as \"ssh-ed25519 AAAA... ann@desk\"", parsePublicKey},
	{"secret", "a secret of its form", parseSecret},
}

func kindOf(name string) (kind, bool) {
	for _, k := range kinds {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// parseText takes any text without control characters but line breaks and tabs.
func parseText(t *Type, text string) (string, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return "", errors.New("it has a control character")
	}
	return text, t.length(text)
}

func parseString(t *Type, text string) (string, error) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "", errors.New("it has a control character")
	}
	return text, t.length(text)
}

// length checks the length and the pattern of a text.
func (t *Type) length(text string) error {
	if !t.within(int64(len(text))) || len(t.Ranges) == 0 && text == "" {
		return errors.New("it is " + strconv.Itoa(len(text)) + " bytes long")
	}
	if t.Pattern != nil && !t.Pattern.MatchString(text) {
		return errForm
	}
	return nil
}

func parseSecret(t *Type, text string) (string, error) {
	if _, err := parseString(t, text); err != nil {
		return "", errForm // says nothing of the secret
	}
	return text, nil
}

func parseName(_ *Type, text string) (string, error) {
	if text == "" || len(text) > 63 {
		return "", errors.New("it is " + strconv.Itoa(len(text)) + " bytes long, of at most 63")
	}
	for i, r := range text {
		if !alphanumeric(r) && (i == 0 || !strings.ContainsRune("_.-", r)) {
			return "", errForm
		}
	}
	return text, nil
}

func alphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func parseBoolean(_ *Type, text string) (string, error) {
	if text != "true" && text != "false" {
		return "", errForm
	}
	return text, nil
}

func parseEnum(t *Type, text string) (string, error) {
	for _, c := range t.Choices {
		if c.Value == text {
			return text, nil
		}
	}
	return "", errForm
}

// parseReference takes the value as the list's key would have it.
func parseReference(t *Type, text string) (string, error) {
	if t.To == nil { // of a schema with problems
		return "", errForm
	}
	canonical, err := t.To.Keys[0].Type.Parse(text)
	if err != nil {
		return "", errors.New(t.To.Keys[0].Type.Expected())
	}
	return canonical, nil
}
