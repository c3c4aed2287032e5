// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

var (
	label    = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)
	zone     = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}$`)
	device   = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.:@+-]{0,14}$`)
	allDigit = regexp.MustCompile(`^[0-9.]*$`)
)

// parseHostname takes names of RFC 1123, section 2.1; in lower case, as case means nothing in them.
func parseHostname(_ *Type, text string) (string, error) {
	if len(text) > 253 || allDigit.MatchString(text) {
		return "", errForm
	}
	for part := range strings.SplitSeq(text, ".") {
		if !label.MatchString(part) {
			return "", errForm
		}
	}
	return strings.ToLower(text), nil
}

func parseHost(t *Type, text string) (string, error) {
	if a, err := parseAddress(t, text); err == nil {
		return a, nil
	}
	return parseHostname(t, text)
}

func parseAddress(_ *Type, text string) (string, error) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" || a.Is4In6() {
		return "", errForm
	}
	return a.String(), nil
}

func parseAddressV4(t *Type, text string) (string, error) {
	a, err := parseAddress(t, text)
	if err != nil || strings.Contains(a, ":") {
		return "", errForm
	}
	return a, nil
}

func parseAddressV6(t *Type, text string) (string, error) {
	a, err := parseAddress(t, text)
	if err != nil || !strings.Contains(a, ":") {
		return "", errForm
	}
	return a, nil
}

func parseNextHop(t *Type, text string) (string, error) {
	if text == "blackhole" {
		return text, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
		return "", errForm
	}
	return parseAddress(t, text)
}

func parseInterfaceAddress(_ *Type, text string) (string, error) {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || p.Addr().Is4In6() || p.Bits() == 0:
		return "", errForm
	case p.Addr().IsUnspecified() || p.Addr().IsMulticast():
		return "", errors.New("it is the address of no station")
	case p.Addr().Is4() && p.Bits() < 31 && p.Addr() == p.Masked().Addr():
		return "", errors.New("it is the prefix's own address")
	case p.Addr().Is4() && p.Bits() < 31 && p.Addr() == broadcast(p):
		return "", errors.New("it is the prefix's broadcast address")
	}
	return p.String(), nil
}

// broadcast returns the last address of an IPv4 prefix.
func broadcast(p netip.Prefix) netip.Addr {
	a := p.Addr().As4()
	n := binary.BigEndian.Uint32(a[:]) | (1<<(32-p.Bits()) - 1)
	binary.BigEndian.PutUint32(a[:], n)
	return netip.AddrFrom4(a)
}

func parsePrefix(_ *Type, text string) (string, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || p.Addr().Is4In6() {
		return "", errForm
	}
	if p != p.Masked() {
		return "", errors.New("the prefix is " + p.Masked().String())
	}
	return p.String(), nil
}

func parseMAC(_ *Type, text string) (string, error) {
	mac, err := net.ParseMAC(text)
	if err != nil || len(mac) != 6 || mac[0]&1 != 0 || mac.String() == "00:00:00:00:00:00" {
		return "", errForm
	}
	return mac.String(), nil
}

func parseInterface(_ *Type, text string) (string, error) {
	if !device.MatchString(text) {
		return "", errForm
	}
	return text, nil
}

// parseTimeZone looks at the form alone: what zones there are the host knows.
func parseTimeZone(_ *Type, text string) (string, error) {
	if len(text) > 64 || !zone.MatchString(text) {
		return "", errForm
	}
	return text, nil
}

func parseURL(_ *Type, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" || strings.ContainsAny(text, " \t\n") {
		return "", errForm
	}
	if u.User != nil {
		return "", errors.New("without user and password")
	}
	return u.String(), nil
}

// parsePublicKey takes one line of an authorized_keys file without options: algorithm,
// key in base64 whose first field is the algorithm again (RFC 4253, section 6.6), comment.
func parsePublicKey(_ *Type, text string) (string, error) {
	words := strings.Fields(text)
	if len(words) < 2 || strings.ContainsAny(text, "\n\r\t") {
		return "", errForm
	}
	key, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil || len(key) < 4 {
		return "", errors.New("the key is not base64")
	}
	if n := binary.BigEndian.Uint32(key); uint64(n) > uint64(len(key)-4) || string(key[4:4+n]) != words[0] {
		return "", errors.New("the key is of another algorithm")
	}
	switch words[0] {
	case "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
		"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com":
		return strings.Join(words, " "), nil
	}
	return "", errors.New("the algorithm is not known")
}
