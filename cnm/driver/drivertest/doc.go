// SPDX-License-Identifier: Apache-2.0

// Package drivertest is the conformance suite for network drivers: what
// [cnm.Driver] promises, as tests that every driver runs. How packets flow is
// each driver's own matter and not tested here.
//
//	func TestConformance(t *testing.T) {
//		drivertest.Run(t, func(t *testing.T) drivertest.Fixture { ... })
//	}
package drivertest
