package engine

// Buffer is memory of a backend. Only its backend looks inside.
type Buffer any

// Backend runs kernels on tensors. It is shaped for a GPU: a method may only enqueue its work, so it returns
// nothing, and an error that appears later is kept and comes out of the next Download or Sync. Index slices
// and other host arguments are copied before a method returns. No method yields a number to the host.
//
// Callers have checked shapes and dtypes: the ops of package autograd do. Floating point operands of one call share
// one dtype. A destination may be an operand itself where its comment says so. Reductions run in an order that
// depends on shapes alone, so results do not depend on the number of threads.
//
// One backend is one stream: its methods are not safe for concurrent use.
type Backend interface {
	Name() string

	// Alloc returns at least the given number of bytes, with undefined contents. Free is a point in stream
	// order: kernels enqueued before may still use the buffer.
	Alloc(bytes int) Buffer
	Free(Buffer)
	Upload(dst Buffer, offset int, src []byte)
	Download(dst []byte, src Buffer, offset int) error
	Sync() error
	Stats() Stats

	// Fill sets every element.
	Fill(dst *Tensor, value float64)
	// Copy moves Count blocks of Block elements; see [CopyArgs].
	Copy(CopyArgs)
	// Permute reorders axes: axis i of dst is axis perm[i] of src.
	Permute(dst, src *Tensor, perm []int)

	// Binary computes dst = a op b with broadcasting; dst may be an operand of its own shape.
	Binary(op BinaryOp, dst, a, b *Tensor)
	// Axpy computes dst += s·x for equal lengths.
	Axpy(dst *Tensor, s float64, x *Tensor)
	// Scale computes dst = s·x; dst may be x.
	Scale(dst, x *Tensor, s float64)
	// SumTo sums src over the axes along which dst (aligned at the right, extents 1) was broadcast.
	SumTo(dst, src *Tensor, accumulate bool)
	// Unary computes dst = f(x), and UnaryBackward dx = dy·f′(x).
	Unary(op UnaryOp, dst, x *Tensor)
	UnaryBackward(op UnaryOp, dx, x, dy *Tensor)

	// Gemm multiplies matrices, batched; see [GemmArgs].
	Gemm(GemmArgs)
	// PackWeight prepares w [N, K] (trailing axes count as K) for [GemmArgs.Packed], where the product reads it transposed, in
	// the given precision.
	PackWeight(w *Tensor, p Precision) *PackedWeight
	// GroupedGemm multiplies runs of rows with one matrix a run; see [GroupedArgs].
	GroupedGemm(GroupedArgs)

	// Softmax and LogSoftmax work on rows of the last axis; y is their own result.
	Softmax(dst, x *Tensor)
	SoftmaxBackward(dx, y, dy *Tensor)
	LogSoftmax(dst, x *Tensor)
	LogSoftmaxBackward(dx, y, dy *Tensor)

	// LayerNorm normalises rows of the last axis and keeps mean and 1/√(var+eps) of each, [rows].
	LayerNorm(dst, mean, rstd, x, gamma, beta *Tensor, eps float64)
	// LayerNormBackward sets dx and adds to dgamma and dbeta.
	LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd *Tensor)

	// Attention is multi-head self-attention on the packed projection; see [AttentionArgs].
	Attention(AttentionArgs)
	AttentionBackward(AttentionArgs, AttentionGrads)

	// Gather copies rows, dst[i] = src[index[i]]; ScatterAdd adds them, dst[index[i]] += src[i]. Rows are
	// the last axis; index is int32 and in range.
	Gather(dst, src, index *Tensor)
	ScatterAdd(dst, src, index *Tensor)
	// TopK writes, for each row of x [rows, n], the flat positions row·n + column of its k largest
	// elements, largest first, the lower column first among equals. index is int32 [rows, k].
	TopK(index, x *Tensor)
	// Route sorts routing choices by expert; see [RouteArgs].
	Route(RouteArgs)

	// MaskedMSE writes loss[0] = Σ_r w[r]·mean_c (pred − target)² / Σ w for rows [rows, n] and w [rows], and
	// MaskedMSEBackward sets dpred for the gradient dloss[0]. A row of weight 0 counts for nothing, whatever is in it;
	// without any weight the loss is 0.
	MaskedMSE(loss, pred, target, weight *Tensor)
	MaskedMSEBackward(dpred, pred, target, weight, dloss *Tensor)

	// AdamW updates many parameters in one call; see [AdamWArgs].
	AdamW(AdamWArgs)
	// ClipScale writes scale[0] = min(1, maxNorm/(‖g‖+1e-6)) and norm[0] = ‖g‖ over all gradients.
	ClipScale(scale, norm *Tensor, grads []*Tensor, maxNorm float64)
}

// Stats are a backend's memory figures.
type Stats struct {
	LiveBytes int // in buffers that tensors hold
	PeakBytes int // the most that LiveBytes was
	PoolBytes int // waiting in free lists
}

// BinaryOp names an elementwise function of two operands.
type BinaryOp uint8

const (
	Add BinaryOp = iota
	Sub
	Mul
)

// UnaryOp names an elementwise function of one operand.
type UnaryOp uint8

const (
	GELU     UnaryOp = iota // x·Φ(x), exact (erf)
	Softplus                // log(1 + eˣ)
)

// CopyArgs moves Count blocks of Block consecutive elements; block i goes from Src[SrcOffset + i·SrcStride] to
// Dst[DstOffset + i·DstStride]. With Accumulate it adds instead. Offsets and strides are in elements.
type CopyArgs struct {
	Dst, Src             *Tensor
	DstOffset, DstStride int
	SrcOffset, SrcStride int
	Block, Count         int
	Accumulate           bool
}

// GemmArgs computes, for every item b < Batch,
//
//	S = op(A_b)·op(B_b)  (+ C_b when Accumulate)
//	X = Scale·S + Bias, kept in Pre_b
//	C_b = GELU(X) + Residual_b
//
// with op(A) [M, K], op(B) [K, N] and C, Pre and Residual [M, N]. Item b of X starts b·XStride elements into its tensor; Pre and
// Residual lie as C does. A transposed operand is stored the other way round, A as [K, M] and B as [N, K], and LD is the
// distance between stored rows. The zero value leaves everything out that can be.
type GemmArgs struct {
	C, A, B                   *Tensor
	Packed                    *PackedWeight // Wᵀ in place of op(B), the same for all items
	M, N, K                   int
	TransA, TransB            bool
	LDA, LDB, LDC             int
	Batch                     int
	AStride, BStride, CStride int
	Accumulate                bool

	Scale    float64 // 0 stands for 1
	Bias     *Tensor // [N]
	Pre      *Tensor // the values before GELU, which its backward pass needs
	GELU     bool
	Residual *Tensor // C itself only without Scale, Pre and GELU
}

// normal returns the same product with a residual that is C itself as accumulation.
func (a GemmArgs) normal() GemmArgs {
	if a.Residual == nil || a.Residual.store != a.C.store || a.Residual.offset != a.C.offset {
		return a
	}
	if a.Scale != 0 || a.Pre != nil || a.GELU || a.Accumulate {
		panic(&ShapeError{Op: "Gemm residual", Got: "C", Want: "another tensor, beside Scale, Pre, GELU or Accumulate"})
	}
	a.Residual, a.Accumulate = nil, true
	return a
}

// GroupedMode names the three products of a linear layer that has one weight a group.
type GroupedMode uint8

const (
	GroupedForward    GroupedMode = iota // Y = X·Wᵀ + b
	GroupedInputGrad                     // dX = dY·W
	GroupedWeightGrad                    // dW += dYᵀ·X, db += Σ dY
)

// GroupedArgs runs one linear layer per group on runs of rows: rows Offsets[e] to Offsets[e+1] belong to group e.
// X is [rows, K], Y is [rows, N], each W is [N, K] and each B is [N]. In GroupedInputGrad, X is written; in
// GroupedWeightGrad W and B are. A group without rows costs nothing.
//
// Packed, Pre and GELU are for GroupedForward alone, and may be left out: packed weights in place of W, and
// Y = GELU(X·Wᵀ + b) with the values before GELU kept in Pre.
type GroupedArgs struct {
	Mode    GroupedMode
	X, Y    *Tensor
	W, B    []*Tensor
	Offsets *Tensor // int32 [groups + 1]
	Packed  []*PackedWeight
	Pre     *Tensor // [rows, N]
	GELU    bool
}

// AttentionArgs is softmax(Q·Kᵀ/√d)·V for each batch item and head. QKV is the packed projection
// [batch, tokens, 3, heads, d], read in place; Out is [batch, tokens, heads, d]. LSE [batch, heads, tokens], the log-sum-exp
// of each row of logits, lets the backward pass recompute the probabilities without storing them.
type AttentionArgs struct {
	QKV, Out, LSE                 *Tensor
	Batch, Tokens, Heads, HeadDim int

	// BF16 rounds Q/√d, K, V and the probabilities to bfloat16 before they are multiplied, for inference: the backward pass
	// knows nothing of it. A backend that gains no time by it may multiply in float32 all the same, and the CPU does without
	// AVX512_BF16. Float32 only.
	BF16 bool
}

// AttentionGrads holds the gradient of Out and receives that of QKV.
type AttentionGrads struct{ DOut, DQKV *Tensor }

// RouteArgs turns the choices of a top-k router into an order of work. Choice is int32 [tokens·k]: the flat positions
// token·Experts + expert that TopK wrote. The choices, sorted by expert and stable in token order, are called slots:
// Slot [tokens·k] holds the choice's place in Choice for each slot, Token [tokens·k] its token, and Offsets [Experts + 1] where
// each expert's slots begin. Keep [tokens·k] is 1 for the first Capacity slots of each expert and 0 for the others;
// a Capacity of 0 keeps all.
type RouteArgs struct {
	Choice               *Tensor
	Slot, Token, Offsets *Tensor // int32
	Keep                 *Tensor // the model's float dtype
	K, Experts, Capacity int
}

// AdamWArgs is one step of AdamW (Loshchilov & Hutter 2019) on parallel lists of tensors. LR and Decay are
// per parameter, for layer-wise learning rates and decay groups, and so is Step, counted from 1: a head that sat a batch
// out lags behind. GradScale, a scalar tensor, multiplies gradients; nil is 1.
type AdamWArgs struct {
	Params, Grads, M, V []*Tensor
	LR, Decay           []float64
	Step                []int
	Beta1, Beta2, Eps   float64
	GradScale           *Tensor
}
