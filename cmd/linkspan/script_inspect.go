// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/scriptfile"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/trust/sign"
)

// statementDoc is a signed script as it is printed.
type statementDoc struct {
	Digest   string            `json:"digest"`
	Trusted  string            `json:"trusted"` // yes, no, or unknown where no root document was named
	Keys     []string          `json:"keys"`    // that are said to have signed it
	Fleet    string            `json:"fleet"`
	Name     string            `json:"name"`
	Epoch    uint64            `json:"epoch"`
	Serial   uint64            `json:"serial"`
	Targets  []string          `json:"targets"`
	Issued   time.Time         `json:"issued"`
	Expires  time.Time         `json:"expires"`
	Previous string            `json:"previous,omitempty"`
	Images   map[string]string `json:"images"`
	Script   linkspan.Script   `json:"script"`
}

func (a *app) scriptInspect() *cobra.Command {
	var o output.Options
	var root string
	var source bool
	c := &cobra.Command{
		Use: "inspect FILE", Short: "show what is in a signed script, and whether a fleet trusts it", Args: exactly(1),
		Long:    "Show what is in a signed script. With a root document (--root), whether its fleet trusts the\nsignatures; without one nothing is judged.",
		Example: "  linkspan script inspect branch-1.json --root root-1.json\n  linkspan script inspect branch-1.json --source\n  linkspan script inspect branch-1.json --format '{{.Serial}}'",
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := readBounded(args[0], sign.MaxEnvelope)
			if err != nil {
				return err
			}
			doc, err := inspectScript(text, root)
			if err != nil {
				return err
			}
			if source {
				written, err := scriptfile.Write(&doc.Script)
				if err != nil {
					return err
				}
				_, err = a.out.Write(written)
				return err
			}
			return output.PrintOne(a.out, o, doc)
		},
	}
	c.Flags().StringVar(&root, "root", "", "root document of the fleet (`file`)")
	c.Flags().BoolVar(&source, "source", false, "print the script alone, as its file")
	_ = c.MarkFlagFilename("root", "json")
	o.AddFlags(c.Flags(), false)
	c.ValidArgsFunction = envelopeFiles
	return c
}

// inspectScript reads a signed script, and judges its signatures if there is a root document.
func inspectScript(text []byte, root string) (statementDoc, error) {
	s, digest, err := sign.PeekStatement(text)
	if err != nil {
		return statementDoc{}, err
	}
	_, _, keys, err := sign.Peek(text)
	if err != nil {
		return statementDoc{}, err
	}
	doc := statementDoc{
		digest, "unknown", keys, s.Fleet, s.Script.Name, s.Epoch, s.Serial, s.Targets, s.Issued, s.Expires, s.Previous, s.Images, s.Script,
	}
	if root == "" {
		return doc, nil
	}
	r, _, err := readRoot(root)
	if err != nil {
		return doc, err
	}
	doc.Trusted = "yes"
	if _, _, err := r.Statement(text); err != nil {
		doc.Trusted = fmt.Sprintf("no: %v", err)
	}
	return doc, nil
}
