// SPDX-License-Identifier: Apache-2.0

// Package names answers a container's questions for names of containers on all
// hosts. It stands in the container's own network namespace, in front of
// Docker's resolver at 127.0.0.11: what is a name of the container's networks
// it answers, all else goes to Docker's resolver and back, byte for byte. The
// namespace says who asks, so that networks may overlap and nobody else can.
//
//	container -> 127.0.0.11:53 -> [redirect] -> Window -> Resolver -> Cache -> Remote -> controller
//	                                              |
//	                                              +-> 127.0.0.11:53, from 127.0.0.12 -> dockerd
//
// A name is a container's, or an alias of it, alone or with the network after
// a dot: c1, c1.web. An address of the networks is answered with that. A name
// that two containers bear is answered with both.
//
// A [Keeper] keeps one [Window] per namespace: two sockets and a table of
// nftables that the kernel takes away when the process ends, however it ends,
// so that Docker's resolver is then asked as if nothing had been. In a sandbox
// that is not Docker's there is none: the window answers for networks of the host
// too, and all else goes to the host's own resolvers. Answers are
// for the moment (TTL 0): one from the controller is used for a second, and
// for a day while no controller answers.
//
// It changes no file of a container's, listens on no address that another
// container or host reaches, and knows no names but those of endpoints.
//
//	keeper, err := names.New(names.Config{
//		Model: model, Networks: fabric, Source: names.NewRemote(client.Names), Log: log,
//	})
//	go keeper.Run(ctx)
package names
