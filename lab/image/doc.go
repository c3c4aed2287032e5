// SPDX-License-Identifier: Apache-2.0

// Package image makes the one image that a lab's hosts have, busybox:latest, out
// of the machine's own static busybox, and loads it into a Docker engine. No
// registry and no download is involved. It is not an image builder.
//
// The same busybox always gives the same bytes.
//
//	archive, err := image.Busybox("/bin/busybox", applets)
//	...
//	err = image.Load(ctx, "/run/docker.sock", archive)
package image
