// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// ErrorType is the type of an error message (spec 7.4.4).
type ErrorType uint16

// The error types of OpenFlow 1.3.
const (
	ErrorHelloFailed ErrorType = iota
	ErrorBadRequest
	ErrorBadAction
	ErrorBadInstruction
	ErrorBadMatch
	ErrorFlowModFailed
	ErrorGroupModFailed
	ErrorPortModFailed
	ErrorTableModFailed
	ErrorQueueOpFailed
	ErrorSwitchConfigFailed
	ErrorRoleRequestFailed
	ErrorMeterModFailed
	ErrorTableFeaturesFailed
	ErrorExperimenter ErrorType = 0xffff
)

// Codes a controller acts on; the others are known by name only.
const (
	CodeIncompatible     = 0  // of ErrorHelloFailed: no common version
	CodeBadType          = 1  // of ErrorBadRequest
	CodeIsSlave          = 10 // of ErrorBadRequest: the role forbids writing
	CodeTableFull        = 1  // of ErrorFlowModFailed
	CodeStale            = 0  // of ErrorRoleRequestFailed: the generation is behind
	CodeMeterExists      = 1  // of ErrorMeterModFailed
	CodeUnknownMeter     = 3  // of ErrorMeterModFailed
	CodeBundleMsgFailed  = 2313
	CodeBundleInProgress = 2315
)

// ErrorMessage is a switch's refusal (spec 7.4.4); its xid is that of the
// request. It is an error, so that a session can return it.
type ErrorMessage struct {
	Type         ErrorType
	Code         uint16
	Experimenter uint32 // of type ErrorExperimenter only
	Data         []byte // at least the first 64 bytes of the request
}

// Append appends the message, as a switch does.
func (e *ErrorMessage) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = a16(a16(begin(b, TypeError, xid), uint16(e.Type)), e.Code)
	if e.Type == ErrorExperimenter {
		b = a32(b, e.Experimenter)
	}
	return finish(append(b, e.Data...), start)
}

// Decode reads an ERROR of any version; Data becomes a view of m.
func (e *ErrorMessage) Decode(m Message) error {
	b, err := m.expect(TypeError, 4)
	if err != nil {
		return err
	}
	*e = ErrorMessage{Type: ErrorType(u16(b, 0)), Code: u16(b, 2), Data: b[4:]}
	if e.Type != ErrorExperimenter {
		return nil
	}
	if len(b) < 8 {
		return ErrTruncated
	}
	e.Experimenter, e.Data = u32(b, 4), b[8:]
	return nil
}

// Name returns the name of type and code as Open vSwitch prints it, or "" when
// the tables do not have it.
func (e *ErrorMessage) Name() string {
	if e.Type == ErrorExperimenter {
		for i := range expErrors {
			if expErrors[i].experimenter == e.Experimenter && expErrors[i].code == e.Code {
				return expErrors[i].name
			}
		}
		return ""
	}
	if int(e.Type) >= len(stdErrors) || int(e.Code) >= len(stdErrors[e.Type]) {
		return ""
	}
	return stdErrors[e.Type][e.Code]
}

// Error returns the name, or the numbers of an unknown error, and the type of
// the refused message when Data has it.
func (e *ErrorMessage) Error() string {
	text := e.Name()
	if text == "" {
		text = fmt.Sprintf("error type %d code %d", e.Type, e.Code)
		if e.Type == ErrorExperimenter {
			text += fmt.Sprintf(" of experimenter 0x%08x", e.Experimenter)
		}
	}
	if len(e.Data) < HeaderLen {
		return "openflow: " + text
	}
	return fmt.Sprintf("openflow: %s for %v", text, Message(e.Data).Type())
}

var _ error = (*ErrorMessage)(nil)
