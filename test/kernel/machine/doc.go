// SPDX-License-Identifier: Apache-2.0

// Package machine makes a small machine out of programs of this one and boots
// it with Debian's own kernel under qemu's software emulation, which needs no
// KVM and no root. It is not a general virtual machine: there is one disk, no
// network card, and one command to run, after which the machine is off.
//
//	m, err := machine.New(dir, kernelDir)
//	...
//	err = m.Programs(ctx, "ip")
//	...
//	err = m.Boot(ctx, "ip link", func(line string) { fmt.Println(line) })
//
// Emulation is 4 to 17 times slower than the machine under it: right for what
// a kernel does, wrong for how fast it does it.
package machine
