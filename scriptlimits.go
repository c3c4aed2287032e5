// SPDX-License-Identifier: Apache-2.0

package linkspan

import "time"

// Limits of behavior scripts.
const (
	MaxScriptTargets  = 4096 // names of switches that a script is for
	MaxConfigureLines = 4096
	MaxConfigureLine  = 4096 // bytes
	MaxComposites     = 32
	MaxMembers        = 32 // of a composite
	MaxAttachments    = 64 // of a composite
	MaxAddresses      = 16 // of an attachment
	MaxMemberVolumes  = 32 // of a member
	MaxCommandWords   = 128
	MaxCommandWord    = 4096 // bytes
	MaxEnvironment    = 128
	MaxCallNames      = 256
	MaxWaves          = 64
	MaxGates          = 64
	MaxSoak           = Duration(7 * 24 * time.Hour)
	MaxGateTime       = Duration(time.Hour)
	MaxScriptLife     = 2 * 366 * 24 * time.Hour // from issued to expires
	MinMemory         = 6 << 20                  // bytes of a member: below it no container starts
	MaxMemory         = 1 << 44
	MaxCPUs           = 1024
	MaxPIDs           = 1 << 22
)
