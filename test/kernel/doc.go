// SPDX-License-Identifier: Apache-2.0

// Package kernel tests Linkspan on the datapath that real hosts have: Open
// vSwitch in the kernel. Machines without that module run the same test, as it
// boots Debian's own kernel in emulation, with the real binary, Open vSwitch and
// Docker on its disk, and a whole lab in it. It asserts nothing about speed.
//
//	make test-kernel
//
// The test program plays both parts: outside it makes and watches the machine
// (TestKernel), inside it is what the machine runs (TestGuest). What the machine
// printed is in the log of the test.
package kernel
