package face

import _ "embed"

// Embedded returns the weights that are part of this package: YuNet-s, in the form of this package.
func Embedded() []byte { return embedded }

// License is the licence of the embedded weights, and Notice says where they come from and what was changed.
//
//go:embed weights/LICENSE
var License string

//go:embed weights/NOTICE.md
var Notice string
