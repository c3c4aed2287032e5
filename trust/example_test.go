// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// A chassis may write its own endpoints and no other's.
func ExampleAllowOwn() {
	h1 := trust.Identity{Kind: trust.KindChassis, Name: "h1", Number: 3, DPID: linkspan.ChassisID(3).DPID()}
	fmt.Println(h1)
	fmt.Println(trust.AllowOwn(h1, trust.EndpointWriteOwn, "h1"))
	err := trust.AllowOwn(h1, trust.EndpointWriteOwn, "h2")
	fmt.Println(err)
	fmt.Println(linkspan.CodeOf(err), "-", linkspan.HintOf(err))
	// Output:
	// linkspan://chassis/h1?number=3&dpid=6c73000000000003
	// <nil>
	// endpoint.write-own: chassis h1 may not do this for chassis h2
	// permission - do it on h2
}
