package main

import (
	"mien/mae"
	"mien/s4d"
	"mien/vit"
)

// What a model must compute, in multiply-adds of one sample: linear layers and the two products of attention. Norms,
// softmax, GELU and the optimizer do not count. A multiply-add is two floating-point operations.

// blockMACs counts a transformer block of width D on N tokens:
//
//	queries, keys, values 3·N·D² · output projection N·D² · MLP 2·ratio·N·D² · QKᵀ and its product with V 2·N²·D
func blockMACs(tokens, dim, ratio int) int {
	return (4+2*ratio)*tokens*dim*dim + 2*tokens*tokens*dim
}

// encoderMACs counts patch embedding and blocks on the tokens that the encoder sees.
func encoderMACs(c vit.Config, tokens int) int {
	return tokens*c.PatchDim()*c.Dim + c.Depth*blockMACs(tokens, c.Dim, c.MLPRatio)
}

// classifierMACs counts encoder, experts and one head. A block with n experts adds the router, N·D·n, and k adapters of
// hidden width h a token, 2·k·N·D·h.
func classifierMACs(c s4d.Config, tokens, classes int) int {
	e, hidden := c.Encoder, c.MoAE.Hidden
	if hidden == 0 {
		hidden = e.Dim / 4
	}
	experts := tokens * e.Dim * (c.MoAE.Experts + 2*c.MoAE.TopK*hidden)
	return encoderMACs(e, tokens) + len(c.MoAEBlocks)*experts + e.Dim*classes
}

// maskedMACs counts the masked autoencoder: the encoder on the visible patches alone, their way to the decoder, the
// decoder's blocks on all tokens and its head, which predicts every patch.
func maskedMACs(c mae.Config, visible, tokens int) int {
	narrow := visible * c.Encoder.Dim * c.DecoderDim
	decoder := c.DecoderDepth * blockMACs(tokens, c.DecoderDim, c.Encoder.MLPRatio)
	return encoderMACs(c.Encoder, visible) + narrow + decoder + tokens*c.DecoderDim*c.Encoder.PatchDim()
}

// forwardGFLOP and trainingGFLOP turn multiply-adds of a sample into operations of a step. Each product of the forward
// pass has two of its size in the backward pass, one for either operand.
func forwardGFLOP(batch, macs int) float64  { return 2 * float64(batch) * float64(macs) / 1e9 }
func trainingGFLOP(batch, macs int) float64 { return 3 * forwardGFLOP(batch, macs) }
