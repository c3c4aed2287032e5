// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"strings"
	"unicode"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// readable takes what would steer a terminal out of all that people are shown of an
// answer: hosts tell of files and errors that their containers may choose.
func readable(a *apiv1.CarryAnswer) {
	texts := []*string{&a.Error, &a.Hint, &a.Name}
	list := func(all []string) {
		for i := range all {
			texts = append(texts, &all[i])
		}
	}
	list(a.GetObstacles())
	list(a.GetNotes())
	if p := a.GetPlan(); p != nil {
		texts = append(texts, &p.Container, &p.Image, &p.ImageId)
		list(p.GetNotes())
		for _, b := range p.GetAddresses() {
			texts = append(texts, &b.Network, &b.Address, &b.Address6, &b.Mac)
		}
	}
	for _, text := range texts {
		*text = strings.Map(func(r rune) rune {
			if r != '\n' && !unicode.IsGraphic(r) {
				return unicode.ReplacementChar
			}
			return r
		}, *text)
	}
}
