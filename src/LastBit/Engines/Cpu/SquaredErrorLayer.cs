namespace LastBit.Engines.Cpu;

/// <summary>Half the squared distance of an image's outputs from the label's one-hot vector: (1/2) sum over k of (z[k] - [k = label])^2, one chain.</summary>
internal sealed unsafe class SquaredErrorLayer(View outputs, int classes, StoredTensor losses, int capacity) : LossLayer(outputs, classes, losses, capacity)
{
    public override void Forward(int sample, Scratch scratch, bool training)
    {
        float* outputs = ReadInput(0, sample, scratch), gradient = Gradient(sample);
        int label = Labels[sample];
        float sum = 0;
        for (int k = 0; k < Classes; k++)
        {
            float difference = outputs[k] - (k == label ? 1f : 0f);
            sum = MathF.FusedMultiplyAdd(difference, difference, sum);
            gradient[k] = difference / BatchCount;
        }
        *Output.Sample(sample) = 0.5f * sum;
    }
}
