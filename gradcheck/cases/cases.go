package cases

import "mien/gradcheck"

func Layers() []gradcheck.Case { return nil }
