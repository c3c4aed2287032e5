// SPDX-License-Identifier: Apache-2.0

// Package stats is the arithmetic of the benchmarks: a Histogram of durations
// with quantiles, and the Ratio of two things measured in pairs, with its 95 %
// confidence interval. It measures nothing itself.
//
//	r, err := stats.RatioOf(ours, theirs) // one number of each per pair
//	fmt.Printf("%.2f [%.2f, %.2f]", r.Mean, r.Low, r.High)
package stats
