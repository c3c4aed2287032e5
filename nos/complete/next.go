// SPDX-License-Identifier: Apache-2.0

package complete

import (
	"slices"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// most is how many values of what is configured or what the host has are offered.
const most = 200

// next returns what the next word can be.
func (l *line) next() []Candidate {
	if l.verb == nil {
		all := make([]Candidate, len(l.c.Verbs))
		for i, v := range l.c.Verbs {
			all[i] = Candidate{Text: v.Name, Help: v.Help, word: v.Name}
		}
		return all
	}
	if l.verb.Takes == Nothing || l.verb.Takes == Rest {
		return nil
	}
	switch l.place.Wants() {
	case schema.WantsName:
		return l.children()
	case schema.WantsKey:
		return l.nextKeys()
	case schema.WantsValue:
		if l.verb.Takes != Section {
			return l.values()
		}
	}
	return nil
}

// children returns the names that can come next.
func (l *line) children() []Candidate {
	var all []Candidate
	for _, c := range l.place.Node.Children {
		if l.verb.Takes == Existing && !l.node.Child(c.Name).There() || l.verb.Takes == Section && c.Type != nil {
			continue
		}
		all = append(all, Candidate{Text: c.Name, Help: c.Help, word: c.Name})
	}
	return all
}

// offer collects values, each once.
type offer struct {
	all  []Candidate
	seen map[string]bool
}

func (o *offer) add(value, help string) {
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	if !o.seen[value] && len(o.all) < most {
		o.seen[value] = true
		o.all = append(o.all, Candidate{Text: tree.Quote(value), Help: help, word: value})
	}
}

// nextKeys returns the keys that entries have, and what new ones look like.
func (l *line) nextKeys() []Candidate {
	var o offer
	at := l.place.Keys
	for e := range l.node.Entries() {
		if slices.Equal(e.Key()[:at], l.keys) {
			o.add(e.Key()[at], e.Child("description").Value())
		}
	}
	if l.verb.Takes == Existing {
		return o.all
	}
	k := l.place.Node.Keys[at]
	return l.more(&o, k.Type, k.Help, k.Example)
}

// values returns the values that a leaf has or could have.
func (l *line) values() []Candidate {
	n := l.place.Node
	var o offer
	if l.verb.Takes == Existing {
		for _, v := range l.node.Values() {
			if !n.Secret() && (n.Kind != schema.LeafList || !l.place.Value) {
				o.add(v, n.Help)
			}
		}
		return o.all
	}
	return l.more(&o, n.Type, n.Help, n.Example)
}

// more adds what a type is known to have.
func (l *line) more(o *offer, t *schema.Type, help, example string) []Candidate {
	switch {
	case t.Choices != nil:
		for _, c := range t.Choices {
			o.add(c.Value, c.Help)
		}
		return o.all
	case t.Name == "boolean":
		o.add("false", help)
		o.add("true", help)
		return o.all
	case t.To != nil:
		list, err := l.c.Tree.At(names(t.To)...)
		if err != nil {
			return o.all
		}
		for e := range list.Entries() {
			o.add(e.Key()[0], e.Child("description").Value())
		}
		return append(o.all, Candidate{Form: t.Expected(), Help: help + ", as " + tree.Quote(example)})
	}
	if l.c.Live != nil {
		for _, v := range l.c.Live.Values(t.Name) {
			o.add(v, help)
		}
	}
	if t.Name == "secret" {
		return append(o.all, Candidate{Form: t.Expected(), Help: help})
	}
	return append(o.all, Candidate{Form: t.Expected(), Help: help + ", as " + tree.Quote(example)})
}

// names returns the path of a list that is in no other list.
func names(n *schema.Node) []string {
	var path []string
	for ; n.Parent != nil; n = n.Parent {
		path = append(path, n.Name)
	}
	slices.Reverse(path)
	return path
}
