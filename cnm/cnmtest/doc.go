// SPDX-License-Identifier: Apache-2.0

// Package cnmtest has what stands in for the rest of the house in tests of the
// Container Network Model: a fabric, a bridge and links in memory, and a way to
// let a process die at any of its steps.
//
// What it is not: it proves nothing by itself; package drivertest does.
//
//	world := cnmtest.NewWorld()
//	world.Kill.At(3) // the fourth step and all after it fail
//	store := world.Store(memory.New())
package cnmtest
