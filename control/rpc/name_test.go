// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/view"
)

func TestNamesAreResolved(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web, db := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24")
	h1.run(t, web, "One", 11)
	h2.run(t, web, "one", 11)
	last := netip.MustParseAddr(h2.run(t, db, "one", 12))
	h.eventually("the last endpoint is in the view", func() bool {
		e := h.hub.View().Endpoint(view.Key{Network: db, Address: last})
		return e != nil && e.Attached()
	})
	resolve := func(questions ...*apiv1.NameQuestion) ([]string, error) {
		r, err := h1.Names.Resolve(t.Context(), connect.NewRequest(&apiv1.NameServiceResolveRequest{Questions: questions}))
		if err != nil {
			return nil, err
		}
		var out []string
		for _, a := range r.Msg.GetAnswers() {
			var bearers []string
			for _, b := range a.GetBearers() {
				bearers = append(bearers, b.GetContainer()+" "+b.GetAddress())
			}
			slices.Sort(bearers)
			out = append(out, strings.Join(bearers, ", "))
		}
		return out, nil
	}
	got, err := resolve(
		&apiv1.NameQuestion{Network: uint32(web), Name: "ONE"},
		&apiv1.NameQuestion{Network: uint32(db), Name: "one"},
		&apiv1.NameQuestion{Network: uint32(web), Name: "two"},
		&apiv1.NameQuestion{Network: uint32(web), Address: "10.7.0.3"},
		&apiv1.NameQuestion{Network: uint32(db), Address: "10.7.0.3"},
		&apiv1.NameQuestion{Network: 99, Name: "one"},
		&apiv1.NameQuestion{},
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"One 10.7.0.2, one 10.7.0.3", "one 10.8.0.2", "", "one 10.7.0.3", "", "", ""}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = resolve(&apiv1.NameQuestion{Network: uint32(web), Address: "10.7.0"})
	refused(t, err, linkspan.Invalid)
	_, err = resolve(slices.Repeat([]*apiv1.NameQuestion{{Name: "one"}}, 65)...)
	refused(t, err, linkspan.Invalid)
}
