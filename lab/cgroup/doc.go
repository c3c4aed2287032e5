// SPDX-License-Identifier: Apache-2.0

// Package cgroup finds the control group hierarchies of the machine, version 1,
// version 2 or both at once, and removes a group with all below it from every
// one of them. It sets no limits and moves no process.
//
//	err := cgroup.Remove(ctx, "linkspan-lab-5d41402a")
package cgroup
