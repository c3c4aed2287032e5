// SPDX-License-Identifier: Apache-2.0

// Package local is one host as a person sees it who types linkspan network and
// linkspan sandbox there: the networks that reach no further than the host, the
// sandboxes that stand for containers, and what is attached to what.
//
// On a host with Docker its networks are dockerd's, so that both commands see
// the same ones, and containers are connected by dockerd. On a host without, they
// are the model's own. Sandboxes are the model's on either, and join networks
// of the fabric as containers do: a network of the fabric has a record in the
// model, under an id of its own, as long as a sandbox here is in it.
//
// It refuses in Docker's words what Docker refuses, and nothing is silently
// ignored. What a crash or a boot left behind, an endpoint whose sandbox is gone,
// it takes away.
//
// What it is not: it knows nothing of other hosts, and does not make networks of
// the fabric.
//
//	h, err := local.New(local.Config{Model: model, Fabric: fabric, Log: log})
//	mux.Handle(apiv1connect.NewHostServiceHandler(h))
//	group.Go(func() error { return h.Run(ctx) })
package local
