// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"strconv"
	"strings"
)

// body is what POST /containers/create is given for s, on a dockerd of an API
// version, with an image that is there under a name or id. Of several attachments
// it has the first: before API 1.44 there may be no more.
func body(s *spec, image, version string) fields {
	b := s.Config.clone()
	b.set("Image", image)
	delete(b, "MacAddress") // since API 1.44 it is the attachment's
	if s.NoEntrypoint {
		b.set("Entrypoint", []string{""})
	}
	if first, ok := s.primary(); ok {
		b.set("NetworkingConfig", map[string]any{"EndpointsConfig": map[string]fields{first.Network: first.settings()}})
		if first.MAC != "" && older(version, 1, 44) {
			b.set("MacAddress", first.MAC)
		}
	}
	b.set("HostConfig", s.hostConfig())
	return b
}

// hostConfig is what create is given of the host: what is judged.
func (s *spec) hostConfig() fields {
	host := s.Host.clone()
	if first, ok := s.primary(); ok {
		host.set("NetworkMode", first.Network)
	}
	return host
}

// primary returns the attachment of the container's network mode, which dockerd
// makes with it. One that has left the network of its mode has none.
func (s *spec) primary() (attachment, bool) {
	for _, a := range s.Attachments {
		if a.Primary {
			return a, true
		}
	}
	return attachment{}, false
}

// older says whether an API version, as in 1.41, is below another.
func older(version string, major, minor int) bool {
	a, b, _ := strings.Cut(version, ".")
	x, _ := strconv.Atoi(a) // what is no number is 0, which is older
	y, _ := strconv.Atoi(b)
	return x < major || x == major && y < minor
}
