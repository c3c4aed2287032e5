// SPDX-License-Identifier: Apache-2.0

// Package mountpoint makes folders that a lab needs on the machine itself and
// removes them again when the last lab is gone. It is not about what is mounted
// there.
//
// A folder that was made is marked by an extended attribute, so that whoever
// takes the last lab down knows it, whichever lab made it. It is removed only
// when it is marked, empty, and no mount point in anybody's mount namespace:
// the kernel would silently undo such a mount. Where extended attributes are
// not to be had, the empty folders stay.
//
//	err := mountpoint.Use("/etc/docker", func() error { return bind(...) })
//	...
//	err = mountpoint.Sweep("/etc/docker")
package mountpoint
