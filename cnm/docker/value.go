// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan/wire/plugin"
)

// flag reads a boolean option, which is a JSON boolean or its text.
func flag(options map[string]any, key string, absent bool) (bool, error) {
	switch value := options[key].(type) {
	case nil:
		return absent, nil
	case bool:
		return value, nil
	case string:
		if b, err := strconv.ParseBool(value); err == nil {
			return b, nil
		}
	}
	return false, refuse(fmt.Sprintf("option %s: %v is not true or false", key, options[key]), "")
}

// generic reads what a person gave with -o.
func generic(options map[string]any) (map[string]string, error) {
	switch given := options[plugin.OptionGeneric].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return texts(given, func(string) bool { return true })
	}
	return nil, refuse("option "+plugin.OptionGeneric+" is not an object", "")
}

// given reads what a person gave an endpoint with --driver-opt. Docker mixes
// it with options of its own, of which it has more in every version.
func given(options map[string]any) (map[string]string, error) {
	return texts(options, func(key string) bool {
		return !strings.HasPrefix(key, "com.docker.network.") || key == plugin.OptionIfname
	})
}

func texts(options map[string]any, keep func(string) bool) (map[string]string, error) {
	var kept map[string]string
	for key, value := range options {
		if !keep(key) {
			continue
		}
		text, ok := value.(string)
		if !ok {
			return nil, refuse("option "+key+" is not a text", "")
		}
		if kept == nil {
			kept = make(map[string]string)
		}
		kept[key] = text
	}
	return kept, nil
}

// prefix reads a CIDR and masks it; empty is zero.
func prefix(what, text string) (netip.Prefix, error) {
	if text == "" {
		return netip.Prefix{}, nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, refuse(fmt.Sprintf("%s %q is not a CIDR like 10.7.0.0/24", what, text), "")
	}
	return p.Masked(), nil
}

// addressOf reads an address, alone or as a CIDR; empty is zero.
func addressOf(what, text string) (netip.Addr, error) {
	bare, _, _ := strings.Cut(text, "/")
	if bare == "" {
		return netip.Addr{}, nil
	}
	address, err := netip.ParseAddr(bare)
	if err != nil {
		return address, refuse(fmt.Sprintf("%s %q is not an address like 10.7.0.1", what, text), "")
	}
	return address.Unmap(), nil
}
