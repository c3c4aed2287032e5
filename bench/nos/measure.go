// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stats"
)

// subject is one way to do a thing.
type subject struct {
	name string
	do   func(context.Context) error
	undo func(context.Context) error // before it is done again; nil for nothing
}

// inTurn measures subjects in turn, every other time in reverse order, and returns a row
// for each.
func inTurn(ctx context.Context, pairs, times int, subjects []subject) ([]report.Row, error) {
	rows := make([]report.Row, len(subjects))
	order := make([]int, len(subjects))
	for i, s := range subjects {
		rows[i].Subject, order[i] = s.name, i
	}
	for range pairs {
		for _, i := range order {
			t, err := subjects[i].trial(ctx, times)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", subjects[i].name, err)
			}
			rows[i].Trials = append(rows[i].Trials, t)
		}
		slices.Reverse(order)
	}
	return rows, nil
}

func (s subject) trial(ctx context.Context, times int) (report.Trial, error) {
	took := make([]time.Duration, times)
	for i := range took {
		if s.undo != nil {
			if err := s.undo(ctx); err != nil {
				return report.Trial{}, err
			}
		}
		began := time.Now()
		if err := s.do(ctx); err != nil {
			return report.Trial{}, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return report.Trial{Median: took[len(took)/2], High: took[len(took)-1]}, nil
}

func median(t *report.Trial) float64 { return float64(t.Median) }

// more returns by how much one row takes longer than another: the median of the
// differences, pair by pair.
func more(a, b *report.Row) time.Duration {
	x, y := a.Values(median), b.Values(median)
	for i := range x {
		x[i] -= y[i]
	}
	return time.Duration(stats.Median(x))
}

// ratio adds the ratio of two rows to a cell.
func ratio(c *report.Cell, a, b *report.Row) error {
	r, err := stats.RatioOf(a.Values(median), b.Values(median))
	if err != nil {
		return err
	}
	c.Ratios = append(c.Ratios, report.Ratio{Name: a.Subject + " / " + b.Subject, Ratio: r})
	return nil
}
