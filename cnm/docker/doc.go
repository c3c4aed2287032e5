// SPDX-License-Identifier: Apache-2.0

// Package docker serves a [cnm.Controller] to Docker as a network driver and an
// IPAM driver, both on one unix socket in /run/docker/plugins, whose file name
// is the name of both drivers.
//
// It translates: a call's body into one of the controller's methods, its error
// into words. It is careful where Docker is not: a body that is empty or no
// JSON gets status 400 and changes nothing, every call ends within its own
// deadline, whatever is repeated gives the same answer, and no option is
// silently ignored. It never calls Docker, which holds locks during a call.
//
// What it is not: it holds no state, and it takes no TCP connection.
//
//	listener, err := docker.Listen("/run/docker/plugins/linkspan.sock")
//	if err != nil {
//		return err
//	}
//	server := docker.New(docker.Options{
//		Controller: controller, Name: "linkspan", Driver: "hotplug", IPAM: "pool", Log: log,
//	})
//	return server.Serve(ctx, listener)
package docker
