// SPDX-License-Identifier: Apache-2.0

// Package service knows the services that run in containers of this switch's Docker: which
// there are, and how a terminal in one is opened. A service is a container with a
// label that names it.
//
// It starts and stops none.
//
//	d := service.Docker{Address: "unix:///run/docker.sock"}
//	names := d.Services(ctx)
//	err := d.Attach(ctx, "routing", terminal)
package service
