// SPDX-License-Identifier: Apache-2.0

package show

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
)

// Item is one thing that can be shown.
type Item struct {
	Name string // the word after show: lower case with hyphens
	Help string // one sentence without a full stop
	Args []Arg  // words that may follow, each only after the one before
	Act  string // of package access: what somebody must be allowed to do to see it; empty: everybody who may log in sees it

	// Show looks. There are at most as many args as Args.
	Show func(ctx context.Context, args []string) (Report, error)
}

// Arg is a word that may follow the name of an item.
type Arg struct {
	Name   string                             // what it is: port, vlan
	Help   string                             // one sentence without a full stop
	Values func(ctx context.Context) []string // that there are now, in order; nil if nobody knows
}

// Catalogue is all that can be shown. It does not change.
type Catalogue struct{ items []Item }

// NewCatalogue returns a catalogue of items, which are sorted by their names. The error
// is that a name is there twice, or an item cannot be shown.
func NewCatalogue(items ...Item) (*Catalogue, error) {
	all := slices.Clone(items)
	slices.SortFunc(all, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	for i, item := range all {
		if item.Name == "" || item.Help == "" || item.Show == nil {
			return nil, fmt.Errorf("item %q has no name, no help or nothing to show", item.Name)
		}
		if i > 0 && all[i-1].Name == item.Name {
			return nil, fmt.Errorf("item %q is there twice", item.Name)
		}
	}
	return &Catalogue{all}, nil
}

// Items returns what can be shown, in the order of the names. It belongs to the catalogue.
func (c *Catalogue) Items() []Item { return c.items }

// Find returns an item by its whole name. The error is NotFound.
func (c *Catalogue) Find(name string) (Item, error) {
	for _, item := range c.items {
		if item.Name == name {
			return item, nil
		}
	}
	return Item{}, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is nothing to show by the name %q", name)}
}

// Show shows an item. The error is NotFound if there is none, Invalid if there are too many words.
func (c *Catalogue) Show(ctx context.Context, name string, args []string) (Report, error) {
	item, err := c.Find(name)
	if err != nil {
		return Report{}, err
	}
	if len(args) > len(item.Args) {
		return Report{}, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("show %s: %q is a word too many", name, args[len(item.Args)])}
	}
	r, err := item.Show(ctx, args)
	if err != nil {
		return Report{}, fmt.Errorf("show %s: %w", name, err)
	}
	if err := r.Validate(); err != nil {
		return Report{}, fmt.Errorf("show %s: %w", name, err)
	}
	return r, nil
}
