package engine

// The contract of a backend: its methods, and the arguments of those that take many. Next: package engine/cpu, which implements it on
// the CPU (cpu.go, then elementwise.go), and engine/enginetest, which tests any implementation.

// Buffer is memory of a backend, opaque to all others, which may only compare two of them.
type Buffer any

// Backend runs kernels on tensors. It is shaped for a GPU: a method may only enqueue its work, so it returns
// nothing, and an error that occurs later is kept and returned by the next Download or Sync. Index slices
// and other host arguments are copied before a method returns. Only Download returns tensor contents to the host.
//
// Callers check shapes, as the ops of package autograd do. Floating point operands of one call share one dtype, Float32 or, where
// a backend has it, Float64; other dtypes are allowed where a method names them. On a dtype, op or mode that it does not
// support a backend panics with a *ShapeError, in the call or in the next Flush, Sync or Download; it never computes something else. A
// destination may be an operand itself where the method's comment says so. Reductions run in an order that depends on shapes alone, so
// results do not depend on the number of threads; no method needs atomic additions.
// A method that finds no working memory panics with an *AllocError, as New does.
//
// One backend is one stream: its methods are not safe for concurrent use.
type Backend interface {
	Name() string
	// Supports returns nil if products can be computed at a precision, for inference or also for training, and else an error to
	// show to the user.
	Supports(p Precision, training bool) error
	// Activations returns the dtype in which products, attention and GELU take and leave activations at a precision: BFloat16 where that
	// saves memory and time, and then these methods, LayerNorm, SumTo, Add and Axpy work on it as their comments say. Elsewhere it is Float32.
	Activations(p Precision) DType

	// Alloc returns at least the given number of bytes, with undefined contents. Free is a point in stream
	// order: kernels enqueued before may still use the buffer.
	Alloc(bytes int) (Buffer, error)
	Free(Buffer)
	Upload(dst Buffer, offset int, src []byte)
	Download(dst []byte, src Buffer, offset int) error
	// Flush starts all enqueued work without waiting; Sync waits for it.
	Flush()
	Sync() error
	Stats() Stats
	// Close releases all memory. The backend and its tensors must not be used afterwards.
	Close() error

	// Fill sets every element, of any dtype but BFloat16 and Uint8.
	Fill(dst *Tensor, value float64)
	// Cast converts between Float32 and BFloat16, to nearest with ties to even.
	Cast(dst, src *Tensor)
	// Copy moves Count blocks of Block elements; see [CopyArgs].
	Copy(CopyArgs)
	// Permute reorders axes: axis i of dst is axis perm[i] of src.
	Permute(dst, src *Tensor, perm []int)
	// Patchify cuts images and videos into patches; see [PatchifyArgs].
	Patchify(PatchifyArgs)

	// Binary computes dst = a op b with broadcasting; dst may be an operand of its own shape. Add takes BFloat16 where all have one shape.
	Binary(op BinaryOp, dst, a, b *Tensor)
	// Axpy computes dst += s·x for equal lengths. Both may be BFloat16.
	Axpy(dst *Tensor, s float64, x *Tensor)
	// Scale computes dst = s·x; dst may be x.
	Scale(dst, x *Tensor, s float64)
	// SumTo sums src over the axes along which dst (aligned at the right, extents 1) was broadcast. Rows of BFloat16 are summed to
	// a Float32 row.
	SumTo(dst, src *Tensor, accumulate bool)
	// Unary computes dst = f(x), and UnaryBackward dx = dy·f′(x), where dx may be dy. GELU takes BFloat16, too.
	Unary(op UnaryOp, dst, x *Tensor)
	UnaryBackward(op UnaryOp, dx, x, dy *Tensor)

	// Gemm multiplies matrices, batched; see [GemmArgs].
	Gemm(GemmArgs)
	// PackWeight prepares w [N, K] (trailing axes count as K), Float32, Float64 or BFloat16, for [GemmArgs.Packed], where the product
	// reads it transposed, in the given precision.
	PackWeight(w *Tensor, p Precision) *PackedWeight
	// GroupedGemm multiplies runs of rows with one matrix a run; see [GroupedArgs].
	GroupedGemm(GroupedArgs)

	// Softmax and LogSoftmax work on rows of the last axis; y is their own result.
	Softmax(dst, x *Tensor)
	SoftmaxBackward(dx, y, dy *Tensor)
	LogSoftmax(dst, x *Tensor)
	LogSoftmaxBackward(dx, y, dy *Tensor)

	// LayerNorm normalises rows of the last axis and keeps mean and 1/√(var+eps) of each, [rows]. dst may be BFloat16 beside Float32.
	LayerNorm(dst, mean, rstd, x, gamma, beta *Tensor, eps float64)
	// LayerNormBackward sets dx, or adds to it, and adds to dgamma and dbeta, which are both nil if they are not needed. dy may be BFloat16
	// beside Float32.
	LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd *Tensor, accumulate bool)

	// Attention is multi-head self-attention on the packed projection; see [AttentionArgs].
	Attention(AttentionArgs)
	AttentionBackward(AttentionArgs, AttentionGrads)

	// Unfold copies what the sites of a window see in x [B, T, H, W, C] to the rows of columns [B·sites, taps·C] (im2col). Fold is its
	// transpose: each element of x becomes the sum of its copies, in the order of taps, with accumulate on top of what it was.
	Unfold(columns, x *Tensor, w Window)
	Fold(x, columns *Tensor, w Window, accumulate bool)
	// Depthwise is a convolution of each channel by itself; see [DepthwiseArgs].
	Depthwise(DepthwiseArgs)
	// MaxPool writes the largest element of each channel that each site of a window sees in x [B, T, H, W, C], and to tap, Int32, at which
	// of its taps, the first one among equals; NaN is the largest. tap may be nil, for inference. Each site must see a position.
	// MaxPoolBackward sums dy over the sites that chose an element, in the order of taps.
	MaxPool(dst, tap, x *Tensor, w Window)
	MaxPoolBackward(dx, dy, tap *Tensor, w Window)
	// Sample reads x at real positions; see [SampleArgs].
	Sample(SampleArgs)
	SampleBackward(SampleArgs, SampleGrads)

	// Gather sums rows of src [rows, width]: for index [n, k], Int32 in range, dst[i] = src[index[i, 0]] + src[index[i, 1]] + …, in
	// this order; an index of −1 adds nothing. With accumulate it adds to dst [n, width].
	Gather(dst, src, index *Tensor, accumulate bool)
	// TopK writes, for each row of x [rows, n], the flat positions row·n + column of its k largest
	// elements, largest first, the lower column first among equals. index is Int32 [rows, k]; k = n sorts the row.
	TopK(index, x *Tensor)
	// Route sorts routing choices by expert; see [RouteArgs].
	Route(RouteArgs)

	// MSE writes loss[0] = mean (pred − target)² over all elements, and MSEBackward sets dpred for the gradient dloss[0].
	MSE(loss, pred, target *Tensor)
	MSEBackward(dpred, pred, target, dloss *Tensor)

	// RandomNormal fills dst with N(0, 1): element i is Normal of word i of key.
	RandomNormal(dst *Tensor, key Key)
	// RandomMask fills dst with 0 where word i of key is below p·2³², and else with 1/(1 − p).
	RandomMask(dst *Tensor, p float64, key Key)

	// StepFigures computes the figures of a training step; see [FiguresArgs]. AdamW updates many parameters in one call; see [AdamWArgs].
	StepFigures(FiguresArgs)
	AdamW(AdamWArgs)
}

// Stats are a backend's memory figures.
type Stats struct {
	LiveBytes int // in buffers that tensors hold
	PeakBytes int // the most that LiveBytes was
	PoolBytes int // waiting for tensors to come; on the CPU not all of them have been touched
}

// BinaryOp names an elementwise function of two operands.
type BinaryOp uint8

const (
	Add BinaryOp = iota
	Sub
	Mul
	Div
	PReLU // a where it is positive, else a·b, for finite b
)

// UnaryOp names an elementwise function of one operand.
type UnaryOp uint8

const (
	GELU      UnaryOp = iota // x·Φ(x), exact (erf)
	Softplus                 // log(1 + eˣ)
	NormalCDF                // Φ(x), the share of N(0, 1) below x
	ReLU                     // max(x, 0), with the derivative 0 at 0
	ELU                      // x above 0, else eˣ − 1
	Sigmoid                  // 1/(1 + e⁻ˣ)
	Rsqrt                    // 1/√x
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

// PatchifyArgs cuts pixels into patches of Tubelet frames and Patch × Patch pixels, counted by sample, time, row and column.
// Rows, Int32 [n], selects patches; nil means all. A single frame is repeated to fill its tubelet.
//
// Pixels are bytes [B, T, H, W, 3], which stand for v/255, or floats [B, 3, T, H, W]; each value v of channel c becomes
// (v − Mean[c])/Std[c]. Dst is [n, 3·Tubelet·Patch·Patch], in a patch ordered by channel, time, row and column.
type PatchifyArgs struct {
	Dst, Pixels, Rows *Tensor
	Tubelet, Patch    int
	Mean, Std         [3]float32
}

// GemmArgs computes, for every item b < Batch (at least 1),
//
//	S = op(A_b)·op(B_b)  (+ C_b when Accumulate)
//	X = S + Bias, kept in Pre_b
//	C_b = GELU(X) + Residual_b, or with Slope X·GELU′(Slope_b)
//
// with op(A) [M, K], op(B) [K, N] and C, Pre, Residual and Slope [M, N]. Item b of A, B and C starts b·AStride, b·BStride and b·CStride
// elements into its tensor; Pre, Residual and Slope have the layout of C. A transposed operand is stored the other way round, A as [K, M] and
// B as [N, K], and LD is the distance between stored rows. All that is optional is off in the zero value.
//
// With Slope, which is not C and has its shape, C_b = X∘GELU′(Slope_b): the gradient of values before a GELU from that of its result. Rows
// and items of C then follow one another, and there is no Pre, GELU, Residual or Accumulate.
//
// RowSums, which is no other operand, is for a transposed A of one item whose stored rows [K, M] follow one another: the sums of the rows of
// op(A) are added to it, as the gradient of a bias is to be found beside that of its weight. They are of A as it is stored, whatever the
// Precision, and A and RowSums are of dtypes that SumTo takes.
//
// If C is Float32, A and B may each be BFloat16, and Precision applies to those that are not. C may itself be BFloat16, if the backend's
// Activations are: Pre and Slope are then, too, and there is no Residual. X is rounded before GELU, so that GELU of what Pre keeps is C.
type GemmArgs struct {
	C, A, B                   *Tensor
	Packed                    *PackedWeight // Wᵀ in place of op(B), the same for all items, at its own precision
	Precision                 Precision     // Full or BF16, of A and B
	M, N, K                   int
	TransA, TransB            bool
	LDA, LDB, LDC             int
	Batch                     int
	AStride, BStride, CStride int
	Accumulate                bool

	Bias     *Tensor // [N]
	Pre      *Tensor // the values before GELU, which its backward pass needs
	GELU     bool
	Residual *Tensor // C itself only without Pre, GELU and Accumulate
	Slope    *Tensor // the values before a GELU: X is its gradient, C theirs; see above
	RowSums  *Tensor // [M], to which the sums of the rows of op(A) are added; see above
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
// Packed, Pre and GELU are optional and for GroupedForward only: packed weights in place of W, and
// Y = GELU(X·Wᵀ + b) with the values before GELU kept in Pre.
type GroupedArgs struct {
	Mode      GroupedMode
	X, Y      *Tensor
	W, B      []*Tensor
	Offsets   *Tensor // Int32 [groups + 1]
	Packed    []*PackedWeight
	Precision Precision // Full or BF16, of the operands where the weights are not packed
	Pre       *Tensor   // [rows, N]
	GELU      bool
}

// AttentionArgs is softmax(Q·Kᵀ/√d)·V for each batch item and head. QKV is the packed projection
// [batch, tokens, 3, heads, d], read in place; Out is [batch, tokens, heads, d]. LSE [batch, heads, tokens], the log-sum-exp
// of each row of logits, lets the backward pass recompute the probabilities without storing them. Below Full QKV and Out may be BFloat16,
// and then the gradients are, too; LSE is Float32.
type AttentionArgs struct {
	QKV, Out, LSE                 *Tensor
	Batch, Tokens, Heads, HeadDim int

	// Precision BF16 allows the operands of all products to be rounded to bfloat16: queries, keys, values, probabilities, and in the backward
	// pass the gradients of the output and of the logits. Both passes need the same, as the backward pass recomputes the probabilities of
	// the forward pass. A backend on which this saves no time may multiply in float32 instead.
	//
	// Int8, for inference, also allows whole numbers of eight bits for the operands of both products of the forward pass, with a scale for each
	// row of queries and keys and each column of values of a head; a head then may be NaN where one of its keys is not finite.
	Precision Precision
}

// AttentionGrads holds the gradient of Out and receives that of QKV.
type AttentionGrads struct{ DOut, DQKV *Tensor }

// RouteArgs turns the choices of a top-k router into an order of work. Choice is Int32 [tokens·k]: the flat positions
// token·Experts + expert that TopK wrote, different for each token. The choices, sorted by expert and stable in token order, are
// called slots. Both directions of every relation are written, so that the gradient of a gather along one is a gather
// along the other:
//
//	Slot   [tokens·k]        the choice of each slot      Place  [tokens·k]  the slot of each choice
//	Token  [tokens·k]        the token of each slot       (Place, too: [tokens, k] holds the slots of each token)
//	Chosen [tokens·Experts]  the choice of each token and expert, −1 for none
//
// Offsets [Experts + 1] says where each expert's slots begin. Keep [tokens·k] is 1 for the first Capacity slots that each expert has of
// each Group tokens in a row, and 0 for the others; a Capacity of 0 keeps all, and a Group of 0 is all tokens.
//
// Order, Int32 [tokens], is optional: it lists the tokens in the order in which experts take them, first the first choices of all
// tokens, then all second ones, and so on. The slots of an expert are in that order then.
type RouteArgs struct {
	Choice                              *Tensor
	Slot, Place, Token, Chosen, Offsets *Tensor // Int32
	Keep                                *Tensor // the model's float dtype
	Order                               *Tensor
	K, Experts, Capacity, Group         int
}

// Places in the figures of a training step.
const (
	FigureLoss  = iota
	FigureNorm  // of all gradients together, before clipping
	FigureScale // by which gradients are multiplied: min(1, MaxNorm/(norm + 1e-6))
	FigureOK    // 1 where loss and norm are finite, in this step and in all before it, else 0
	FigureCount
)

// FiguresArgs measures a step on the backend, without a round trip to the host. Figures [FigureCount] is written from the scalar Loss,
// the gradients and the figures of the step before, which may be nil. A MaxNorm of 0 does not clip.
type FiguresArgs struct {
	Figures, Previous, Loss *Tensor
	Grads                   []*Tensor
	MaxNorm                 float64
}

// AdamWArgs is one step of AdamW (Loshchilov & Hutter 2019) on parallel lists of tensors. LR and Decay are
// per parameter, for layer-wise learning rates and decay groups. Steps, Int32, counts the updates of every parameter of the model, and
// Index maps each parameter to its count: a head that was not part of a batch has a lower one.
//
// Gradients are multiplied by FigureScale of Figures. Where FigureOK is 0 nothing changes, not even the counts: parameters survive a
// divergence even before the host has read the figures.
type AdamWArgs struct {
	Params, Grads, M, V []*Tensor
	LR, Decay           []float64
	Steps               *Tensor
	Index               []int
	Beta1, Beta2, Eps   float64
	Figures             *Tensor
}
