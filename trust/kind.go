// SPDX-License-Identifier: Apache-2.0

package trust

// Kind is what sort of party an identity names.
type Kind string

// The kinds of parties. They are also the hosts that the CA's name constraint
// permits in URIs, so a new kind needs a new CA certificate.
const (
	KindController Kind = "controller" // a process that decides
	KindChassis    Kind = "chassis"    // a host that runs a switch role
	KindDatapath   Kind = "datapath"   // a foreign OpenFlow switch, which may do nothing but connect
	KindUser       Kind = "user"       // a person or a program acting for one
)

// Kinds returns every kind, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{KindController, KindChassis, KindDatapath, KindUser}
}

func (k Kind) hasDPID() bool { return k == KindChassis || k == KindDatapath }
