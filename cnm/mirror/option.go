// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// The options of docker network create that become fields of a network.
const (
	optionIdle = "linkspan.idle"                 // a duration
	optionMTU  = "com.docker.network.driver.mtu" // bytes
)

// fabricLabels returns the labels of the fabric for a network with these
// labels and options in dockerd.
func fabricLabels(labels, options map[string]string) map[string]string {
	out := foreign(labels)
	for key, text := range options {
		out[labelOption+key] = text
	}
	return out
}

// dockerLabels returns the labels of the network in dockerd that stands for n.
func dockerLabels(n linkspan.Network) map[string]string {
	out := foreign(n.Labels)
	out[LabelNetwork] = n.ID.String()
	return out
}

// dockerOptions returns the options of the network in dockerd that stands for
// n: those that were typed where it was made, in the same words, as tools
// compare the text. One that n has outgrown is left out. The MTU is there only
// when it was typed: the driver learns it with the binding and takes what fits
// this host, while an option that does not fit is an error.
func dockerOptions(n linkspan.Network) map[string]string {
	options := make(map[string]string)
	if n.Idle != 0 && n.Idle != linkspan.DefaultIdle {
		options[optionIdle] = idleText(n.Idle)
	}
	if n.Transport != "" {
		options[linkspan.OptionTransport] = string(n.Transport)
	}
	for key, rate := range map[string]linkspan.Rate{linkspan.OptionEgress: n.Limits.Egress, linkspan.OptionIngress: n.Limits.Ingress} {
		if rate != 0 {
			options[key] = rate.String()
		}
	}
	for label, text := range n.Labels {
		if key, ok := strings.CutPrefix(label, labelOption); ok && current(n, key, text) {
			options[key] = text
		}
	}
	return options
}

// current says whether the text of an option still says what n is.
func current(n linkspan.Network, key, text string) bool {
	switch key {
	case optionIdle:
		idle, err := time.ParseDuration(text)
		return err == nil && idle == n.Idle
	case optionMTU:
		mtu, err := strconv.Atoi(text)
		return err == nil && mtu == n.MTU
	case linkspan.OptionTransport:
		return linkspan.Transport(text) == cmp.Or(n.Transport, linkspan.Auto)
	case linkspan.OptionEgress, linkspan.OptionIngress:
		was, err := n.Limits.With(map[string]string{key: text})
		return err == nil && was == n.Limits
	default:
		return true
	}
}

// untyped returns n without the options that were typed elsewhere, and whether
// there were any.
func untyped(n linkspan.Network) (linkspan.Network, bool) {
	rest := foreign(n.Labels)
	typed := len(rest) < len(n.Labels)
	n.Labels = rest
	return n, typed
}

// idleText writes a time as people do: 5m rather than 5m0s.
func idleText(idle time.Duration) string {
	text := idle.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
