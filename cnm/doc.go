// SPDX-License-Identifier: Apache-2.0

// Package cnm is the Container Network Model on one host: a [Controller] keeps
// networks, the endpoints in them, the pools and addresses they use, and the
// sandboxes the endpoints are joined to. Drivers do the work on the data path,
// IPAMs hand out addresses; both come from explicit tables in [Options].
//
// # Life cycle
//
// Request a pool and its gateway, create the network (it claims the pool),
// request an address, create the endpoint, join it to a sandbox; and leave,
// delete, release in reverse. A network with endpoints cannot be removed.
//
// # Without Docker
//
// A program of its own needs neither Docker nor a daemon. It calls
// [Controller.NewNetwork], [Controller.NewEndpoint] and [Controller.NewSandbox],
// which do the requests above by themselves, then [Controller.Join], which sets
// the interface up in the sandbox and publishes its ports; and Leave and the
// Delete methods in reverse. [Controller.FindNetwork] and its like look up by id,
// name or the beginning of an id, [Controller.WalkNetworks] and its like go
// through all. What it made survives it where its store does; the next process
// calls [Controller.Run], which takes away what no record is of. See the example.
//
// # Crash safety
//
// A record is written, marked for removal, before its driver is called, and
// confirmed after it; what a crash leaves half done is therefore found marked
// and taken away again. A removal that fails stays marked and is repeated with
// growing pauses, because Docker ignores such failures. Every method may be
// repeated. Locks are per object; none is held by one object for another's
// input or output.
//
// # Binding
//
// Docker names networks by ids of its own, which differ from host to host.
// [Controller.Bind] ties one to a network of the fabric; requests that need
// that wait for it. Whoever binds is woken through [Controller.Changes].
//
// Networks, endpoints and sandboxes made by a program are its own: Reconcile
// leaves them alone.
//
// What it is not: it does not speak Docker's protocol (package cnm/docker),
// does not know the controller of the fabric (package cnm/fabric), and never
// calls Docker.
//
// # Example
//
//	c, err := cnm.New(cnm.Options{
//		Store:   store,
//		Drivers: map[string]cnm.Driver{"hotplug": hotplug},
//		IPAMs:   map[string]cnm.IPAM{"pool": pool},
//		Log:     log,
//	})
//	if err != nil {
//		return err
//	}
//	group.Go(func() error { return c.Run(ctx) })
package cnm
