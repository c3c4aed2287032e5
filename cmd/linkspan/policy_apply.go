// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/api/policyfile"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/yamlfile"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// outcomeRow is what became of a policy.
type outcomeRow struct {
	Name    string `json:"name"`
	Outcome string `json:"outcome"` // created, changed or unchanged
}

var outcomeTable = output.Table[outcomeRow]{
	Name: func(o outcomeRow) string { return o.Name },
	Columns: []output.Column[outcomeRow]{
		{Title: "POLICY", Value: func(o outcomeRow) string { return o.Name }},
		{Title: "OUTCOME", Value: func(o outcomeRow) string { return o.Outcome }},
	},
}

func (a *app) policyApply() *cobra.Command {
	var o output.Options
	var files policyFiles
	c := &cobra.Command{
		Use: "apply -f FILE", Short: "store the policies of files", Args: exactly(0),
		Long: `Store the policies of files, all of them or none: new ones, and those that changed, which
are known by their names. Policies that no file has stay as they are. They are in force
at once, for what runs already too.`,
		Example: "  linkspan policy apply -f web.yaml\n  linkspan policy apply -f web.yaml -f db.yaml\n  cat web.yaml | linkspan policy apply -f -",
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			if err := files.read(a.in); err != nil {
				return a.mistakes(err, nothingApplied)
			}
			r, err := client.Policies.Apply(cmd.Context(), connect.NewRequest(&apiv1.PolicyServiceApplyRequest{Policies: files.messages()}))
			if err != nil {
				return a.mistakes(files.placed(err), nothingApplied)
			}
			a.warn(r.Msg.GetWarnings())
			rows := make([]outcomeRow, len(r.Msg.GetOutcomes()))
			for i, outcome := range r.Msg.GetOutcomes() {
				rows[i] = outcomeRow{outcome.GetName(), strings.ToLower(strings.TrimPrefix(outcome.GetKind().String(), "KIND_"))}
			}
			return outcomeTable.Print(a.out, o, rows)
		}),
	}
	files.addFlags(c.Flags())
	_ = c.MarkFlagRequired("file")
	_ = c.MarkFlagFilename("file", "yaml", "yml")
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) warn(warnings []string) {
	for _, w := range warnings {
		fmt.Fprintf(a.err, "linkspan: %s\n", w)
	}
}

// nothingApplied is what follows from mistakes where policies are to be applied.
const nothingApplied = "nothing was applied"

// mistakes prints what is wrong with files, each on a line with its place, and what follows
// from that, if anything does.
func (a *app) mistakes(err error, follows string) error {
	var wrong yamlfile.Problems
	if !errors.As(err, &wrong) {
		return err
	}
	for _, p := range wrong {
		fmt.Fprintf(a.err, "linkspan: %s\n", p)
	}
	if follows != "" {
		fmt.Fprintf(a.err, "  %s\n", follows)
	}
	return status(exitFailed)
}

// policyFiles are the files that were named, and what they say.
type policyFiles struct {
	names         []string
	documents     []policyfile.Document
	conversations []policyfile.Conversation
}

func (f *policyFiles) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.names, "file", "f", nil, "read policies from this `file`; -: from the standard input; may be repeated")
}

// read reads all files; the error tells all that is wrong with them.
func (f *policyFiles) read(in io.Reader) error {
	var wrong yamlfile.Problems
	for _, name := range f.names {
		text, shown, err := readFile(in, name)
		if err != nil {
			return err
		}
		documents, err := policyfile.Read(shown, text)
		var some yamlfile.Problems
		if errors.As(err, &some) {
			wrong = append(wrong, some...)
		}
		f.documents = append(f.documents, documents...)
	}
	if len(wrong) > 0 {
		return wrong
	}
	return policyfile.Check(f.documents)
}

// readFile reads a file, or the standard input for "-", and says how to call it. It
// reads no more than what is too long already.
func readFile(in io.Reader, name string) (text []byte, shown string, err error) {
	shown = "<stdin>"
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, "", err
		}
		defer file.Close()
		in, shown = file, name
	}
	text, err = io.ReadAll(io.LimitReader(in, policyfile.MaxFile+1))
	return text, shown, err
}

func (f *policyFiles) messages() []*apiv1.Policy {
	out := make([]*apiv1.Policy, len(f.documents))
	for i := range f.documents {
		out[i] = api.PolicyToProto(&f.documents[i].Policy)
	}
	return out
}

// placed turns what the controller says is wrong into problems with their places
// in the files; any other error stays as it is.
func (f *policyFiles) placed(err error) error {
	var wrong yamlfile.Problems
	for _, m := range api.PolicyProblems(err) {
		if p, ok := f.place(m); ok {
			wrong = append(wrong, p)
		}
	}
	if len(wrong) == 0 {
		return err
	}
	return wrong
}

func (f *policyFiles) place(m *apiv1.PolicyProblem) (yamlfile.Problem, bool) {
	var i int
	if n, _ := fmt.Sscanf(m.GetPath(), "conversations[%d]", &i); n == 1 {
		if i >= len(f.conversations) {
			return yamlfile.Problem{}, false
		}
		c := &f.conversations[i]
		return yamlfile.Problem{File: c.File, Position: c.Position, Message: m.GetMessage(), Want: m.GetWant()}, true
	}
	if int(m.GetPolicy()) >= len(f.documents) {
		return yamlfile.Problem{}, false
	}
	return f.documents[m.GetPolicy()].Problem(api.PolicyProblemFromProto(m)), true
}
