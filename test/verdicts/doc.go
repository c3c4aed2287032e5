// SPDX-License-Identifier: Apache-2.0

// Package verdicts has the table of verdicts: who may send what to whom, scene by
// scene, as a person would say it. The one file is read by two tests, which must
// agree with it row by row: this package's, which asks the pure decider, and that
// of package test, which has real containers send the packets.
//
//	table, err := verdicts.Read()
//	for _, s := range table.Scenes {
//		v := table.View(s)
//		for _, row := range s.Rows { ... }
//	}
//
// It decides nothing itself.
package verdicts
