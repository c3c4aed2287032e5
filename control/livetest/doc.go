// SPDX-License-Identifier: Apache-2.0

// Package livetest proves the controller on real switches: two hosts in network
// namespaces, each with an ovs-vswitchd of its own on the userspace datapath,
// joined by a kernel vxlan device, with containers that are namespaces too. It
// has no code of its own, tests only.
package livetest
