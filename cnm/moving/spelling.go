// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	dockercontainer "github.com/moby/moby/api/types/container"
	dockernetwork "github.com/moby/moby/api/types/network"
)

// dockerd takes names of fields in whatever case, so that a field may be read as another
// than it was judged as. What dockerd shows is always written in one way.

// otherHost are fields of HostConfig that dockerd has dropped or that are not in its
// types, and that are judged or set here.
func otherHost() []string { return append(harmless(), "Capabilities", "Cpuset") }

// ofRequest are the fields beside those of a container's Config that create reads.
func ofRequest() []string { return []string{"HostConfig", "NetworkingConfig", "MacAddress"} }

// names lists the fields of a type of dockerd as JSON has them.
func names(t reflect.Type) (list []string) {
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != "" {
			list = append(list, tag)
		} else if !f.Anonymous {
			list = append(list, f.Name)
		}
	}
	return list
}

// misspelt says whether dockerd could read a field as one of known that is written in
// another way, or as another field that is there too.
func misspelt(f fields, known []string) bool {
	keys := slices.Collect(maps.Keys(f))
	for i, key := range keys {
		folds := func(other string) bool { return key != other && strings.EqualFold(key, other) }
		if slices.ContainsFunc(known, folds) || slices.ContainsFunc(keys[i+1:], folds) {
			return true
		}
	}
	return false
}

// ambiguous says whether dockerd could read another container in s than is judged here.
// Up to API 1.43 it reads the fields of HostConfig beside the others, too.
func (s *spec) ambiguous() bool {
	host := append(names(reflect.TypeFor[dockercontainer.HostConfig]()), otherHost()...)
	for key := range s.Config {
		known := func(other string) bool { return strings.EqualFold(key, other) }
		if key != "MacAddress" && slices.ContainsFunc(append(ofRequest(), host...), known) {
			return true
		}
	}
	if misspelt(s.Host, host) || misspelt(s.Config, append(names(reflect.TypeFor[dockercontainer.Config]()), ofRequest()...)) {
		return true
	}
	return slices.ContainsFunc(s.Attachments, func(a attachment) bool {
		ipam := make(fields)
		a.Settings.read("IPAMConfig", &ipam)
		return misspelt(a.Settings, names(reflect.TypeFor[dockernetwork.EndpointSettings]())) ||
			misspelt(ipam, names(reflect.TypeFor[dockernetwork.EndpointIPAMConfig]()))
	})
}
