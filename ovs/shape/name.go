// SPDX-License-Identifier: Apache-2.0

package shape

// Inner returns the name of the link at the other end of which the container is,
// by the name of the port: "lsi-…" for "lsh-…".
func Inner(port string) string { return beside(port, "i") }

// middle returns the name of the port's other end.
func middle(port string) string { return beside(port, "m") }

// beside returns the port's name with its third byte another one.
func beside(port, mark string) string {
	if len(port) < 4 {
		return mark + "-" + port
	}
	return port[:2] + mark + port[3:]
}

// Prefixes returns how the names of the links begin that Create makes beside
// those it is asked for, by how the names of ports begin, in at least four bytes.
// Nothing may enter the host's stack by them (netns.EnsureShield): that the host
// never sees a frame there is only so while their filters are.
func Prefixes(ports string) []string { return []string{Inner(ports), middle(ports)} }
