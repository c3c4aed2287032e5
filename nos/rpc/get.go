// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"encoding/json"
	"strings"

	"connectrpc.com/connect"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// Get implements the service.
func (s configService) Get(ctx context.Context, r *connect.Request[apiv1.ConfigServiceGetRequest]) (*connect.Response[apiv1.ConfigServiceGetResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	secrets := tree.Secrets(r.Msg.GetSecrets())
	if n := noted(ctx); secrets == tree.Show {
		n.text += " with secrets"
		if err := c.User.May(access.Secrets); err != nil {
			return nil, err
		}
	}
	t, err := s.source(c, r.Msg.GetSource(), r.Msg.GetSession(), int(r.Msg.GetRevision()))
	if err != nil {
		return nil, err
	}
	at, err := t.At(r.Msg.GetPath()...)
	if err != nil {
		return nil, err
	}
	form := tree.Form(r.Msg.GetForm()) //nolint:gosec // the numbers are the same: see TestForms
	if form == 0 {
		form = tree.YAML
	}
	return connect.NewResponse(&apiv1.ConfigServiceGetResponse{Text: textOf(at, r.Msg.GetPath(), form, secrets)}), nil
}

// source returns the configuration that is meant.
func (s *Server) source(c Caller, source apiv1.ConfigSource, id uint64, revision int) (*tree.Tree, error) {
	switch source {
	case apiv1.ConfigSource_CONFIG_SOURCE_CANDIDATE:
		session, err := s.sessions.find(c, id)
		if err != nil {
			return nil, err
		}
		if session != nil {
			return session.Candidate(), nil
		}
	case apiv1.ConfigSource_CONFIG_SOURCE_REVISION:
		_, t, err := s.options.Manager.Revision(revision)
		return t, err
	}
	return s.options.Manager.Running(), nil
}

// textOf returns the text of a part of a configuration, of leaves too.
func textOf(n tree.Node, path []string, form tree.Form, secrets tree.Secrets) []byte {
	if !n.There() {
		return nil
	}
	def := n.Def()
	if def.Kind != schema.Leaf && def.Kind != schema.LeafList {
		return n.Text(form, secrets)
	}
	values := n.Values()
	if def.Secret() && secrets == tree.Hide {
		values = []string{tree.Hidden}
	}
	switch {
	case form == tree.Commands:
		var b strings.Builder
		for _, v := range values {
			b.WriteString(tree.Edit{Words: append(path[:len(path):len(path)], v)}.Command(tree.Show) + "\n")
		}
		return []byte(b.String())
	case form == tree.JSON && def.Kind == schema.Leaf:
		return jsonLine(values[0])
	case form == tree.JSON:
		return jsonLine(values)
	}
	return []byte(strings.Join(values, "\n") + "\n")
}

func jsonLine(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return nil // strings always can
	}
	return append(text, '\n')
}

// Compare implements the service.
func (s configService) Compare(ctx context.Context, r *connect.Request[apiv1.ConfigServiceCompareRequest]) (*connect.Response[apiv1.ConfigServiceCompareResponse], error) {
	c, session, err := s.existing(ctx, r.Msg.GetSession())
	if err != nil {
		return nil, err
	}
	old, new := s.options.Manager.Running(), s.options.Manager.Running()
	if session != nil {
		old, new = session.Base(), session.Candidate()
	}
	if from := r.Msg.GetFrom(); from > 0 {
		if old, err = s.source(c, apiv1.ConfigSource_CONFIG_SOURCE_REVISION, 0, int(from)); err != nil {
			return nil, err
		}
	}
	if to := r.Msg.GetTo(); to > 0 {
		if new, err = s.source(c, apiv1.ConfigSource_CONFIG_SOURCE_REVISION, 0, int(to)); err != nil {
			return nil, err
		}
	}
	text := ""
	if !r.Msg.GetCommands() {
		text = tree.Compare(old, new, tree.Hide)
	} else {
		text = commands(tree.Diff(old, new))
	}
	return connect.NewResponse(&apiv1.ConfigServiceCompareResponse{Text: text}), nil
}

// commands returns edits as they are typed, a line each.
func commands(edits []tree.Edit) string {
	var b strings.Builder
	for _, e := range edits {
		b.WriteString(e.Command(tree.Hide) + "\n")
	}
	return b.String()
}
