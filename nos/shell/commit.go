// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// maxConfirm is how many minutes there can be to confirm.
const maxConfirm = 24 * 60

// commitWord is commit [check | confirm MINUTES] [comment TEXT].
func (s *Shell) commitWord() *word {
	comment := &word{name: "comment", help: "Why, for the history", rest: "Any words", run: s.commit}
	minutes := &word{arg: "MINUTES", help: "1 to 1440", next: []*word{comment}, run: s.commit}
	return &word{name: "commit", help: "Make the candidate run", run: s.commit, next: []*word{
		comment,
		{name: "check", help: "Only say what would be done", run: s.check},
		{name: "confirm", help: "Go back after some minutes unless it is confirmed", next: []*word{minutes}},
	}}
}

func (s *Shell) check(ctx context.Context, c *call) error {
	r, err := s.config.Check(ctx, connect.NewRequest(&apiv1.ConfigServiceCheckRequest{Session: s.session}))
	if err != nil {
		return err
	}
	if len(r.Msg.GetSteps()) == 0 {
		return c.out.print("The candidate is right. There is nothing to do.")
	}
	return c.out.print("The candidate is right. A commit does:\n  " + strings.Join(r.Msg.GetSteps(), "\n  "))
}

func (s *Shell) commit(ctx context.Context, c *call) error {
	request := &apiv1.ConfigServiceCommitRequest{Session: s.session, Comment: strings.Join(c.rest, " ")}
	minutes := 0
	if text, ok := c.args["MINUTES"]; ok {
		var err error
		if minutes, err = strconv.Atoi(text); err != nil || minutes < 1 || minutes > maxConfirm {
			return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%q is no number of minutes: 1 to %d", text, maxConfirm)}
		}
		request.Confirm = durationpb.New(time.Duration(minutes) * time.Minute)
	}
	r, err := s.config.Commit(ctx, connect.NewRequest(request))
	if err != nil {
		return err
	}
	number := r.Msg.GetRevision().GetNumber()
	switch {
	case r.Msg.GetUnchanged():
		return c.out.print("There is nothing to commit.")
	case minutes > 0:
		s.told = number
		return c.out.printf("Revision %d runs. It goes back after %d min unless you type confirm.", number, minutes)
	}
	return c.out.printf("Revision %d runs.", number)
}

func (s *Shell) confirm(ctx context.Context, c *call) error {
	if _, err := s.config.Confirm(ctx, connect.NewRequest(&apiv1.ConfigServiceConfirmRequest{})); err != nil {
		return err
	}
	return c.out.print("Confirmed.")
}

func (s *Shell) goBack(ctx context.Context, c *call) error {
	r, err := s.config.Return(ctx, connect.NewRequest(&apiv1.ConfigServiceReturnRequest{}))
	if err != nil {
		return err
	}
	return c.out.printf("Revision %d runs, which is revision %d again.", r.Msg.GetRevision().GetNumber(), r.Msg.GetRevision().GetOf())
}

func (s *Shell) rollback(ctx context.Context, c *call) error {
	number, err := revisionNumber(c.args["NUMBER"])
	if err != nil {
		return err
	}
	r, err := s.config.Rollback(ctx, connect.NewRequest(&apiv1.ConfigServiceRollbackRequest{Session: s.session, Revision: number}))
	if err != nil {
		return err
	}
	return c.out.printf("The candidate is revision %d, with %s to what runs. Commit it to make it run.", number, counted(r.Msg.GetChanges()))
}

func revisionNumber(text string) (uint32, error) {
	number, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%q is no number of a revision", text)}
	}
	return uint32(number), nil
}

func (s *Shell) showRevision(ctx context.Context, c *call) error {
	number, err := revisionNumber(c.args["NUMBER"])
	if err != nil {
		return err
	}
	return s.printConfiguration(ctx, c, &apiv1.ConfigServiceGetRequest{Source: apiv1.ConfigSource_CONFIG_SOURCE_REVISION, Revision: number})
}

func (s *Shell) compare(ctx context.Context, c *call) error {
	r, err := s.config.Compare(ctx, connect.NewRequest(&apiv1.ConfigServiceCompareRequest{
		Session: s.session, Commands: c.option("commands") != "" || c.filter.form == "set",
	}))
	if err != nil {
		return err
	}
	if r.Msg.GetText() == "" {
		return c.out.print("Nothing is changed.")
	}
	return c.out.print(r.Msg.GetText())
}
