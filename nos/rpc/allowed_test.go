// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/tree"
)

// Every call of the schema has a rule, and no other.
func TestEveryCallHasARule(t *testing.T) {
	all := 0
	for _, file := range []protoreflect.FileDescriptor{apiv1.File_linkspan_v1_config_proto, apiv1.File_linkspan_v1_operate_proto, apiv1.File_linkspan_v1_service_proto} {
		for i := range file.Services().Len() {
			s := file.Services().Get(i)
			for j := range s.Methods().Len() {
				all++
				if _, err := ruleOf("/" + string(s.FullName()) + "/" + string(s.Methods().Get(j).Name())); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if all != len(rules) {
		t.Errorf("%d calls and %d rules", all, len(rules))
	}
	if _, err := ruleOf("/linkspan.v1.ConfigService/Forget"); linkspan.CodeOf(err) != linkspan.Permission {
		t.Errorf("a call without a rule: %v", err)
	}
}

func TestForms(t *testing.T) {
	for f, want := range map[apiv1.ConfigForm]tree.Form{
		apiv1.ConfigForm_CONFIG_FORM_SET: tree.Commands, apiv1.ConfigForm_CONFIG_FORM_YAML: tree.YAML, apiv1.ConfigForm_CONFIG_FORM_JSON: tree.JSON,
	} {
		if tree.Form(f) != want {
			t.Errorf("%v is not %v", f, want)
		}
	}
}
