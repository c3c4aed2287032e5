// SPDX-License-Identifier: Apache-2.0

// Package ovstest gives tests a machine of their own: the test binary starts
// itself again in fresh network, mount and process namespaces, where it may
// make links, fill nftables and run Open vSwitch without meeting anything of
// the host. It is for tests only.
//
//	func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }
//
//	func TestPort(t *testing.T) {
//		host := ovstest.Start(t) // ovsdb-server and ovs-vswitchd
//		host.Kill(ovstest.Database)
//		host.Restart(ovstest.Database)
//	}
package ovstest
