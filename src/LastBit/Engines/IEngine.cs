using LastBit.Models;

namespace LastBit.Engines;

/// <summary>
/// Trains a <see cref="Models.Model"/>. The engine owns all that a step works on: the memory of one batch's activations and gradients, and
/// the replicas (<see cref="IReplica"/>) with their weights, running statistics and the vectors of their update rule. A step of a replica
/// is <see cref="Forward"/>, <see cref="Backward"/>, as often as the batch has passes, and <see cref="Update"/>. None of them hands
/// numbers back, so that an engine whose memory is elsewhere need not wait: what a caller wants to know is asked for, by
/// <see cref="IReplica.TakeResults"/> and the Read methods, and only these wait. For one thread at a time. What makes one is an
/// <see cref="IEngineFactory"/>.
/// </summary>
public interface IEngine : IDisposable
{
    /// <summary>What it computes.</summary>
    Model Model { get; }

    /// <summary>Images in the largest pass.</summary>
    int Capacity { get; }

    /// <summary>How it computes convolutions that can be computed in several ways.</summary>
    ConvolutionAlgorithm Convolution { get; }

    /// <summary>How many replicas it computes side by side, at least 1: so many can be handed to one pass.</summary>
    int ReplicasTogether => 1;

    /// <summary>
    /// A replica of the model in this engine's memory, all zeros. Every engine of the same factory and model can compute with it.
    /// </summary>
    /// <param name="rule">How its weights are updated.</param>
    /// <returns>The replica; to be disposed of before the engine's factory.</returns>
    IReplica CreateReplica(UpdateRule rule);

    /// <summary>
    /// Memory for a batch that any number of replicas share: its images are brought to the engine once. Every engine of the same factory
    /// can compute with it.
    /// </summary>
    /// <param name="capacity">
    /// Images in the largest batch; it may be larger than <see cref="Capacity"/>, for a pass takes a part of a batch.
    /// </param>
    /// <returns>The batch, still empty; to be disposed of before the engine's factory.</returns>
    IBatch CreateBatch(int capacity);

    /// <summary>
    /// Computes outputs and losses of some images of a batch with a replica's weights. The sum of the losses and the count of correct
    /// images join the results of the replica. A pass in training moves the replica's running statistics.
    /// </summary>
    /// <param name="replica">A replica of this engine's factory and model.</param>
    /// <param name="batch">A batch of this engine's factory.</param>
    /// <param name="from">The first image.</param>
    /// <param name="count">How many images, from 1 to <see cref="Capacity"/>.</param>
    /// <param name="pass">What the pass is for.</param>
    /// <exception cref="ArgumentException">Replica, batch or images do not fit.</exception>
    void Forward(IReplica replica, IBatch batch, int from, int count, in PassSettings pass);

    /// <summary>
    /// The same for several replicas at once, which what follows of the step is then of: the bits of each are those that it would have
    /// alone.
    /// </summary>
    /// <param name="replicas">
    /// From 1 to <see cref="ReplicasTogether"/> replicas of this engine's factory and model, no two the same.
    /// </param>
    /// <param name="batch">A batch of this engine's factory, which all of them see.</param>
    /// <param name="from">The first image.</param>
    /// <param name="count">How many images, from 1 to <see cref="Capacity"/>.</param>
    /// <param name="pass">What the pass is for.</param>
    /// <exception cref="ArgumentException">Replicas, batch or images do not fit.</exception>
    void ForwardTogether(ReadOnlySpan<IReplica> replicas, IBatch batch, int from, int count, in PassSettings pass) =>
        Forward(replicas[0], batch, from, count, pass);

    /// <summary>
    /// Computes the gradient of the mean loss of the images of the last forward pass with respect to every trainable number.
    /// </summary>
    /// <param name="share">
    /// The share of the batch that this pass is: 1 where it is the whole. Where it is less, the gradient times the share (rounded to
    /// binary32) is added by one fused multiply-add a number to what the passes since the last update have left, which begins at zero.
    /// </param>
    /// <exception cref="InvalidOperationException">There was no forward pass, or it was not in training.</exception>
    void Backward(double share = 1);

    /// <summary>Updates the replica of the last forward pass by its rule with what <see cref="Backward"/> has left.</summary>
    /// <param name="step">Learning rate and perturbation.</param>
    /// <exception cref="InvalidOperationException">There is no gradient.</exception>
    void Update(in UpdateStep step);

    /// <summary>Updates the replicas of the last forward pass.</summary>
    /// <param name="steps">Learning rate and perturbation of each.</param>
    /// <exception cref="InvalidOperationException">There is no gradient.</exception>
    void UpdateTogether(ReadOnlySpan<UpdateStep> steps) => Update(steps[0]);

    /// <summary>Copies what <see cref="Backward"/> has left. No training needs it; tests and the batch sharpness do.</summary>
    /// <param name="gradients">
    /// Receives <see cref="ParameterLayout.ParameterCount"/> numbers of the first replica of the pass, in definition order and PyTorch's
    /// layouts.
    /// </param>
    void ReadGradients(Span<float> gradients);

    /// <summary>Reads what every layer gives; null where the engine cannot. No training needs it; a trace does.</summary>
    IOutputReader? Outputs => null;

    /// <summary>Copies the outputs of the last forward pass.</summary>
    /// <param name="outputs">Receives one number a class for each of its images, replica by replica.</param>
    void ReadOutputs(Span<float> outputs);
}

/// <summary>Reads the outputs of the nodes of a model, and the gradients of the loss with respect to them.</summary>
public interface IOutputReader
{
    /// <summary>Whether the backward passes from now on keep the gradients, in memory of their own.</summary>
    bool KeepsGradients { get; set; }

    /// <summary>Images of the last forward pass.</summary>
    int Count { get; }

    /// <summary>Copies an output of the last forward pass.</summary>
    /// <param name="node">A node of the model.</param>
    /// <param name="values">Receives its numbers, image by image, each as planes: [images][channels][rows][columns].</param>
    /// <returns>Whether it is there; what is computed of the images alone as they are read is not.</returns>
    bool Read(Node node, Span<float> values);

    /// <summary>Copies the gradient with respect to an output, of the mean loss of the images of the last backward pass.</summary>
    /// <param name="node">A node of the model.</param>
    /// <param name="values">Receives its numbers, image by image, each as planes.</param>
    /// <returns>Whether it is there.</returns>
    bool ReadGradient(Node node, Span<float> values);
}

/// <summary>What a forward pass is for.</summary>
/// <param name="IsTraining">
/// Whether batch normalisation uses the moments of the pass (and moves the running statistics towards them), rather than the running
/// statistics; and whether layers that draw at random do.
/// </param>
/// <param name="Seed">
/// The seed of the run: what a layer draws at random is a function of it, the step, the layer and the place of an image in the batch
/// (<see cref="IBatch.Write"/>).
/// </param>
/// <param name="Step">How many updates the replica has had.</param>
public readonly record struct PassSettings(bool IsTraining, ulong Seed = 0, long Step = 0)
{
    /// <summary>A pass of a test.</summary>
    public static PassSettings Evaluation => default;
}

/// <summary>One update.</summary>
/// <param name="LearningRate">The learning rate; rounded to binary32 before it is multiplied by <paramref name="K"/>.</param>
/// <param name="Step">How many updates there were before.</param>
/// <param name="K">The perturbation k: the step is (lr k) (d / k).</param>
/// <param name="RoundsStochastically">
/// Whether new weights are rounded up or down at random, by draws that are a function of seed, step and weight.
/// </param>
/// <param name="Seed">The seed of the run.</param>
public readonly record struct UpdateStep(double LearningRate, long Step = 0, double K = 1, bool RoundsStochastically = false,
    ulong Seed = 0);

/// <summary>What a forward pass says of its images.</summary>
/// <param name="LossSum">Sum of their losses: binary32, summed in the fixed tree over images.</param>
/// <param name="Correct">
/// Images classified correctly: whose label has the first of the largest outputs; none of their outputs is NaN.
/// </param>
/// <param name="Count">Images.</param>
public readonly record struct BatchResult(double LossSum, int Correct, int Count);
